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
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// Pages that may wait for an earlier one, by thread.
const AHEAD: u64 = 4;
/// How often what was read is made to count.
const COMMIT_EVERY: Duration = Duration::from_millis(250);
/// How long a failure waits for the pages before it that are on their way.
const GRACE: Duration = Duration::from_secs(2);

/// What is read.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) hub: Hub,
    pub(super) source: Source,
    pub(super) place: Place,
    /// What the dataset's card names: for pages that name none.
    pub(super) revision: Option<String>,
    pub(super) known: Fingerprints,
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

    fn written(&self, offset: u64) {
        self.turn().written = offset;
        self.moved.notify_all();
    }

    /// No page is read from `offset` on.
    fn close(&self, offset: u64) {
        let mut turn = self.turn();
        turn.end = turn.end.min(offset);
        drop(turn);
        self.moved.notify_all();
    }
}

type Read = (u64, Result<Block, Failure>);

impl Task {
    /// Reads all pages from where the folder is on; on a failure, all before it is kept.
    ///
    /// After a failure nobody waits for the threads: one may be on a server that never answers.
    pub(super) fn run(
        self: &Arc<Self>,
        folder: &mut Folder,
        bar: &ProgressBar,
    ) -> Result<(), Failure> {
        if self.rows_left(folder.manifest.reached.next_offset, u64::MAX) == 0 {
            return folder.complete();
        }
        let begin = folder.page_begin();
        // Tells how many there are.
        let first = self.read(begin, PAGE_ROWS.min(self.rows_left(begin, u64::MAX)))?;
        let end = begin + self.rows_left(begin, first.n_rows_total);
        if first.n_rows_total == 0 {
            return Err(Failure::Empty);
        }
        bar.set_length(end);
        if folder.manifest.revision.is_none() && first.revision.is_none() {
            folder.manifest.revision.clone_from(&self.revision);
        }
        folder.agree(first.revision.as_ref())?;
        folder.reopen_short_page()?;
        let written = write(folder, &first, bar)?;
        let gate = Arc::new(Gate {
            turn: Mutex::new(Turn { next: written, written, end }),
            moved: Condvar::new(),
            window: self.n_threads * AHEAD * PAGE_ROWS,
        });
        let (sender, receiver) = mpsc::channel::<Read>();
        let spawn = |_| {
            let (task, gate, sender) = (Arc::clone(self), Arc::clone(&gate), sender.clone());
            std::thread::spawn(move || {
                while let Some((offset, length)) = gate.claim() {
                    let read = task.read(offset, length).and_then(|block| block.of(length));
                    if sender.send((offset, read)).is_err() {
                        return;
                    }
                }
            })
        };
        let threads: Vec<_> = (0..self.n_threads).map(spawn).collect();
        drop(sender);
        if let Err(failure) = self.collect(folder, (written, end), &receiver, &gate, bar) {
            return folder.commit().and(Err(failure));
        }
        for thread in threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
        folder.complete()
    }

    fn rows_left(&self, offset: u64, n_rows_total: u64) -> u64 {
        self.limit.unwrap_or(u64::MAX).min(n_rows_total).saturating_sub(offset)
    }

    fn read(&self, offset: u64, length: u64) -> Result<Block, Failure> {
        let check = |text: &_| page::block(self.source, &self.known, text, offset, length);
        self.hub.page(self.source, &self.place, offset, length, check)?
    }

    /// Writes the pages in their order up to the end, or to the first that failed.
    fn collect(
        &self,
        folder: &mut Folder,
        (mut next, mut end): (u64, u64),
        receiver: &mpsc::Receiver<Read>,
        gate: &Gate,
        bar: &ProgressBar,
    ) -> Result<(), Failure> {
        let mut waiting = BTreeMap::new();
        let mut failed: Option<(Failure, Instant)> = None;
        let mut committed = now();
        while next < end {
            let patience = match &failed {
                Some((_, since)) => GRACE.saturating_sub(since.elapsed()),
                None => Duration::MAX,
            };
            let Ok((offset, read)) = receiver.recv_timeout(patience) else { break };
            match read {
                Ok(block) => {
                    waiting.insert(offset, block);
                }
                Err(failure) => {
                    // No page after it counts; those before it are not asked for again.
                    end = end.min(offset);
                    gate.close(end);
                    self.hub.stop();
                    failed.get_or_insert((failure, now()));
                }
            }
            while let Some(block) = waiting.remove(&next) {
                next = write(folder, &block, bar)?;
                gate.written(next);
            }
            if committed.elapsed() >= COMMIT_EVERY {
                folder.commit()?;
                committed = now();
            }
        }
        failed.map_or(Ok(()), |(failure, _)| Err(failure))
    }
}

/// Adds a block; returns the first row after it.
fn write(folder: &mut Folder, block: &Block, bar: &ProgressBar) -> Result<u64, Failure> {
    folder.agree(block.revision.as_ref())?;
    folder.add(block)?;
    bar.set_position(folder.manifest.reached.next_offset);
    Ok(folder.manifest.reached.next_offset)
}
