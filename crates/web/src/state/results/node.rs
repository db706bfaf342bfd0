//! Reading a run's JSON files: a value with the place it came from, so that errors can name it.

use crate::state::decimal;
use core::fmt;
use omniguard_core::json::Value;

/// What is wrong with a run's file; `Display` says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunFileError {
    /// Not JSON.
    NotJson {
        /// The file.
        file: &'static str,
    },
    /// A member is missing or of another kind.
    Member {
        /// The file.
        file: &'static str,
        /// The member.
        key: &'static str,
    },
}

impl fmt::Display for RunFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson { file } => write!(f, "{file} is not JSON")?,
            Self::Member { file, key } => {
                write!(f, "{file} has no readable \u{201c}{key}\u{201d}")?;
            }
        }
        write!(
            f,
            ". The file and this page come from different versions: reload without the cache \
             (Ctrl+Shift+R); if that does not help, build the page anew."
        )
    }
}

/// A value of a file.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    file: &'static str,
    value: &'a Value,
}

impl<'a> Node<'a> {
    /// The file's outermost value.
    pub fn top(file: &'static str, value: &'a Value) -> Self {
        Self { file, value }
    }

    fn wrong(&self, key: &'static str) -> RunFileError {
        RunFileError::Member { file: self.file, key }
    }

    /// A member.
    pub fn get(&self, key: &'static str) -> Result<Self, RunFileError> {
        let value = self.value.get(key).ok_or_else(|| self.wrong(key))?;
        Ok(Self { value, ..*self })
    }

    /// A member that is a number.
    pub fn number(&self, key: &'static str) -> Result<f64, RunFileError> {
        self.get(key)?.as_number().ok_or_else(|| self.wrong(key))
    }

    /// A member that is a text.
    pub fn text(&self, key: &'static str) -> Result<String, RunFileError> {
        self.get(key)?.value.as_str().map(str::to_owned).ok_or_else(|| self.wrong(key))
    }

    /// The items of a member that is an array.
    pub fn items(&self, key: &'static str) -> Result<Vec<Self>, RunFileError> {
        match self.get(key)?.value {
            Value::Array(items) => Ok(items.iter().map(|value| Self { value, ..*self }).collect()),
            _ => Err(self.wrong(key)),
        }
    }

    /// Names and values of a member that is an object.
    pub fn members(&self, key: &'static str) -> Result<Vec<(&'a str, Self)>, RunFileError> {
        match self.get(key)?.value {
            Value::Object(members) => {
                let named =
                    |(name, value): &'a (String, Value)| (name.as_str(), Self { value, ..*self });
                Ok(members.iter().map(named).collect())
            }
            _ => Err(self.wrong(key)),
        }
    }

    /// The number that it is.
    pub fn as_number(&self) -> Option<f64> {
        match self.value {
            Value::Number(digits) => decimal::read(digits),
            _ => None,
        }
    }
}
