//! The splits: whole domains and whole techniques are held out, the other families are dealt
//! round by vector, so that every split has every vector.

use anyhow::{Context, Result};
use omniguard_core::corpus::format::Content;
use omniguard_core::frame::{Split, Vector};
use omniguard_core::hash::fnv1a;
use serde::Deserialize;
use std::path::Path;

/// `corpus/splits.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Splits {
    /// Domains of which every family is in the test split.
    test_domains: Vec<String>,
    /// Techniques of which every family is in the test split.
    test_techniques: Vec<String>,
    /// Domains of which every other family is in the validation split.
    validation_domains: Vec<String>,
    /// Domains of which every other family is in the train split.
    train_domains: Vec<String>,
    /// Of the other families of a vector, one in so many is for validation, and one for the test.
    one_in: usize,
}

impl Splits {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not as expected", path.display()))
    }

    /// The split of a carrier: dealt by its id.
    pub(super) fn of_carrier(id: &str) -> Split {
        match fnv1a(id.as_bytes()) % 10 {
            0 => Split::Validation,
            1 | 2 => Split::Test,
            _ => Split::Train,
        }
    }

    /// Sets the split of every family; the order of files does not matter.
    pub(super) fn assign(&self, content: &mut Content) {
        let domains = content.domains.clone();
        for &vector in Vector::ALL {
            let mut dealt: Vec<_> =
                content.families.iter_mut().filter(|family| family.vector == vector).collect();
            dealt.sort_by_key(|family| (fnv1a(family.id.as_bytes()), family.id.clone()));
            let mut position = 0;
            for family in dealt {
                let domain = &domains[family.domain as usize];
                family.split = if self.test_domains.contains(domain)
                    || self.test_techniques.contains(&family.technique)
                {
                    Split::Test
                } else if self.validation_domains.contains(domain) {
                    Split::Validation
                } else if self.train_domains.contains(domain) {
                    Split::Train
                } else {
                    position += 1;
                    match position % self.one_in {
                        1 => Split::Validation,
                        2 => Split::Test,
                        _ => Split::Train,
                    }
                };
            }
        }
    }
}
