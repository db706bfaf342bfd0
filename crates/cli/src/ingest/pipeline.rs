//! Pages fetched and read by several threads, written in their order by one.
//!
//! A thread may run ahead of the writer by a window alone: that bounds what waits in memory,
//! whatever the size of the dataset.

use super::failure::Failure;
use super::folder::Folder;
use super::hub::{Hub, PAGE_ROWS, Place};
use super::page::{self, Block};
use crate::progress::now;
use indicatif::ProgressBar;
use omniguard_core::ingest::{Fingerprints, Source};
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

/// Pages that may wait for an earlier one, by thread.
const AHEAD: u64 = 4;
/// How often what was read is made to count.
const COMMIT_EVERY: Duration = Duration::from_millis(250);

/// What is read.
#[derive(Debug)]
pub(super) struct Task<'a> {
    pub(super) hub: &'a Hub,
    pub(super) source: Source,
    pub(super) place: &'a Place,
    pub(super) known: &'a Fingerprints,
    pub(super) limit: Option<u64>,
    pub(super) n_threads: u64,
}

/// Which page is next, and how far the writer is.
#[derive(Debug)]
struct Turn {
    next: u64,
    written: u64,
    /// The first row that is not read: known with the first page, or where reading stopped.
    end: u64,
}

#[derive(Debug)]
struct Gate {
    turn: Mutex<Turn>,
    moved: Condvar,
    window: u64,
}

impl Gate {
    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next page's first row and its length; waits while it is too far ahead.
    fn claim(&self) -> Option<(u64, u64)> {
        let mut turn = self.turn();
        loop {
            let offset = turn.next;
            if offset >= turn.end {
                return None;
            }
            if offset < turn.written + self.window {
                let length = PAGE_ROWS.min(turn.end - offset);
                turn.next += length;
                return Some((offset, length));
            }
            turn = self.moved.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn written(&self, offset: u64, end: u64) {
        let mut turn = self.turn();
        turn.written = offset;
        turn.end = turn.end.min(end);
        drop(turn);
        self.moved.notify_all();
    }
}

type Read = (u64, Result<Block, Failure>);

impl Task<'_> {
    /// Reads all pages from where the folder is on; on a failure, all before it is kept.
    pub(super) fn run(&self, folder: &mut Folder, bar: &ProgressBar) -> Result<(), Failure> {
        let begin = folder.manifest.next_offset;
        let n_first = PAGE_ROWS.min(self.rows_left(begin, u64::MAX));
        if n_first == 0 {
            return folder.complete();
        }
        // Tells how many there are.
        let first = self.read(begin, n_first)?;
        let end = begin + self.rows_left(begin, first.n_rows_total);
        if first.n_rows_total == 0 {
            return Err(Failure::Empty);
        }
        bar.set_length(end);
        let written = write(folder, begin, first, bar)?;
        let gate = Gate {
            turn: Mutex::new(Turn { next: written, written, end }),
            moved: Condvar::new(),
            window: self.n_threads * AHEAD * PAGE_ROWS,
        };
        let result = std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel::<Read>();
            for _ in 0..self.n_threads {
                let (sender, gate) = (sender.clone(), &gate);
                scope.spawn(move || {
                    while let Some((offset, length)) = gate.claim() {
                        if sender.send((offset, self.read(offset, length))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            let result = collect(folder, written, &receiver, &gate, bar);
            // Whoever waits for its turn or is in mid-page finds that there is no more to do.
            gate.written(u64::MAX / 2, 0);
            result
        });
        match result {
            Ok(()) => folder.complete(),
            Err(failure) => folder.commit().and(Err(failure)),
        }
    }

    fn rows_left(&self, offset: u64, n_rows_total: u64) -> u64 {
        self.limit.unwrap_or(u64::MAX).min(n_rows_total).saturating_sub(offset)
    }

    fn read(&self, offset: u64, length: u64) -> Result<Block, Failure> {
        let check = |text: &_| page::block(self.source, self.known, text, offset, length);
        self.hub.page(self.source, self.place, offset, length, check)?
    }
}

/// Writes the pages in their order.
fn collect(
    folder: &mut Folder,
    begin: u64,
    receiver: &mpsc::Receiver<Read>,
    gate: &Gate,
    bar: &ProgressBar,
) -> Result<(), Failure> {
    let mut waiting = BTreeMap::new();
    let mut next = begin;
    let mut committed = now();
    for (offset, read) in receiver {
        waiting.insert(offset, read);
        while let Some(read) = waiting.remove(&next) {
            next = write(folder, next, read?, bar)?;
            gate.written(next, u64::MAX);
        }
        if committed.elapsed() >= COMMIT_EVERY {
            folder.commit()?;
            committed = now();
        }
    }
    Ok(())
}

/// Adds a block; returns the first row after it.
fn write(
    folder: &mut Folder,
    offset: u64,
    block: Block,
    bar: &ProgressBar,
) -> Result<u64, Failure> {
    let manifest = &mut folder.manifest;
    match (&manifest.revision, block.revision) {
        (Some(begun), Some(now)) if *begun != now => {
            return Err(Failure::Changed { begun: begun.clone(), now });
        }
        (None, now) => manifest.revision = now,
        _ => {}
    }
    folder.note(block.n_rows_total, block.partial);
    folder.append(&block.bytes)?;
    folder.counts.merge(&block.counts);
    let next = offset + block.counts.read;
    folder.manifest.next_offset = next;
    bar.set_position(next);
    Ok(next)
}
