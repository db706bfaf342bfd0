//! The search for objects in a text.
//!
//! Nothing inside an object is taken for an object of its own, nor is anything inside one that
//! broke: it might be a quotation in its strings.

use super::lenient::{self, Attempt, Object};
use super::repair::Repairs;
use core::ops::Range;

/// An object and its place.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) object: Object<'a>,
    pub(super) span: Range<usize>,
    pub(super) repairs: Repairs,
}

/// The objects of a text, in order.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// Whether an object was left open at the end.
    pub(super) ran_out: bool,
    /// Whether the search ended at an object that broke.
    pub(super) broke: bool,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, ran_out: false, broke: false }
    }
}

impl<'a> Iterator for Scan<'a> {
    type Item = Found<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.at + self.text.get(self.at..)?.find('{')?;
            match lenient::object(self.text, start) {
                Attempt::Closed { object, end, repairs } => {
                    self.at = end;
                    return Some(Found { object, span: start..end, repairs });
                }
                Attempt::NoObject => self.at = start + 1,
                Attempt::RanOutEarly => {
                    self.ran_out = true;
                    self.at = start + 1;
                }
                Attempt::RanOut => {
                    self.ran_out = true;
                    self.at = self.text.len();
                }
                // The model's own answer, broken: what comes later might be quoted in it.
                Attempt::Broken { answer_like: true } => {
                    self.broke = true;
                    self.at = self.text.len();
                }
                // Code, or something like it: past its last brace.
                Attempt::Broken { answer_like: false } => {
                    if let Some(end) = balanced_end(self.text, start) {
                        self.at = end;
                    } else {
                        self.broke = true;
                        self.at = self.text.len();
                    }
                }
            }
        }
    }
}

/// Where the brace at `start` is closed, strings not looked at.
fn balanced_end(text: &str, start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate().skip(start) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}
