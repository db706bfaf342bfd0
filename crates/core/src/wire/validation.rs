//! Reads JSON objects field by field and gathers every error with its place.

use crate::environment::MAX_SEED;
use alloc::{string::String, vec, vec::Vec};
use serde::Serialize;
use serde_json::{Map, Value};

/// One step of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum Loc {
    /// Into a field of an object.
    Field(String),
    /// Into an item of an array.
    Index(u32),
}

impl From<&str> for Loc {
    fn from(name: &str) -> Self {
        Self::Field(name.into())
    }
}

/// What is wrong with one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The way to the value; empty for the whole body.
    pub loc: Vec<Loc>,
    /// Why it was refused.
    pub msg: String,
}

/// Everything that is wrong with a request; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// At least one.
    pub errors: Vec<FieldError>,
}

impl Invalid {
    /// One error about the whole body.
    pub fn whole(msg: impl Into<String>) -> Self {
        Self { errors: vec![FieldError { loc: Vec::new(), msg: msg.into() }] }
    }

    /// The same errors one level further in.
    #[must_use]
    pub fn under(mut self, name: &str) -> Self {
        for error in &mut self.errors {
            error.loc.insert(0, name.into());
        }
        self
    }
}

/// Whether `null` is a value like any other wrong one, or the same as a missing field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Null {
    /// Refused.
    Refused,
    /// As if the field were not there.
    Missing,
}

/// The fields of an object that is being read.
#[derive(Debug)]
pub struct Fields<'a> {
    map: &'a Map<String, Value>,
    null: Null,
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl<'a> Fields<'a> {
    /// Starts on `value`, which must be an object.
    pub fn of(value: &'a Value, null: Null) -> Result<Self, Invalid> {
        match value {
            Value::Object(map) => Ok(Self { map, null, known: Vec::new(), errors: Vec::new() }),
            _ => Err(Invalid::whole("must be an object")),
        }
    }

    /// Records an error about a field.
    pub fn refuse(&mut self, name: &str, msg: impl Into<String>) {
        self.errors.push(FieldError { loc: vec![name.into()], msg: msg.into() });
    }

    fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        let value = self.map.get(name)?;
        (self.null == Null::Refused || !value.is_null()).then_some(value)
    }

    /// A string of at most `max_chars` characters.
    pub fn string(&mut self, name: &'static str, max_chars: usize) -> Option<&'a str> {
        let Some(text) = self.get(name)?.as_str() else {
            self.refuse(name, "must be a string");
            return None;
        };
        if text.chars().nth(max_chars).is_some() {
            self.refuse(name, alloc::format!("must have at most {max_chars} characters"));
            return None;
        }
        Some(text)
    }

    /// A number between `min` and `max`.
    pub fn number(&mut self, name: &'static str, min: f32, max: f32) -> Option<f32> {
        let number = self.get(name)?.as_f64().map(|number| number as f32);
        let found = number.filter(|number| (min..=max).contains(number));
        if found.is_none() {
            self.refuse(name, alloc::format!("must be a number between {min} and {max}"));
        }
        found
    }

    /// A whole number between `min` and `max`.
    pub fn integer(&mut self, name: &'static str, min: u64, max: u64) -> Option<u64> {
        let found = whole(self.get(name)?).filter(|number| (min..=max).contains(number));
        if found.is_none() {
            self.refuse(name, alloc::format!("must be a whole number between {min} and {max}"));
        }
        found
    }

    /// One of `all`, by its wire name.
    pub fn one_of<T: Copy>(
        &mut self,
        name: &'static str,
        all: &[T],
        name_of: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let given = self.get(name)?;
        let found = given.as_str().and_then(|text| all.iter().find(|&&one| name_of(one) == text));
        if found.is_none() {
            let names: Vec<_> = all.iter().map(|&one| name_of(one)).collect();
            self.refuse(name, alloc::format!("must be one of {}", names.join(", ")));
        }
        found.copied()
    }

    /// A list of at most `max` strings.
    pub fn strings(&mut self, name: &'static str, max: usize) -> Option<Vec<String>> {
        let Value::Array(items) = self.get(name)? else {
            self.refuse(name, "must be a list of strings");
            return None;
        };
        if items.len() > max {
            self.refuse(name, alloc::format!("must have at most {max} items"));
            return None;
        }
        let mut strings = Vec::with_capacity(items.len());
        for (idx, item) in items.iter().enumerate() {
            if let Some(text) = item.as_str() {
                strings.push(text.into());
            } else {
                let loc = vec![name.into(), Loc::Index(idx as u32)];
                self.errors.push(FieldError { loc, msg: "must be a string".into() });
            }
        }
        Some(strings)
    }

    /// A value that is read by `read`.
    pub fn nested<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&Value) -> Result<T, Invalid>,
    ) -> Option<T> {
        match read(self.get(name)?) {
            Ok(value) => Some(value),
            Err(invalid) => {
                self.errors.extend(invalid.under(name).errors);
                None
            }
        }
    }

    /// A list of `min` to `max` items, each read by `read`.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        min: usize,
        max: usize,
        read: impl Fn(&Value) -> Result<T, Invalid>,
    ) -> Option<Vec<T>> {
        let items = self.get(name).and_then(Value::as_array);
        let Some(items) = items.filter(|items| (min..=max).contains(&items.len())) else {
            self.refuse(name, alloc::format!("must be a list of {min} to {max} items"));
            return None;
        };
        let mut values = Vec::with_capacity(items.len());
        for (idx, item) in items.iter().enumerate() {
            match read(item) {
                Ok(value) => values.push(value),
                Err(invalid) => {
                    let place = [name.into(), Loc::Index(idx as u32)];
                    self.errors.extend(invalid.errors.into_iter().map(|mut error| {
                        error.loc.splice(0..0, place.clone());
                        error
                    }));
                    if self.errors.len() >= MAX_ERRORS {
                        break;
                    }
                }
            }
        }
        Some(values)
    }

    /// An object whose content nobody looks at.
    pub fn ignored_object(&mut self, name: &'static str) {
        if self.get(name).is_some_and(|value| !value.is_object()) {
            self.refuse(name, "must be an object");
        }
    }

    /// Records an error for a field that must be there and is not.
    pub fn require(&mut self, name: &'static str) {
        let missing = self.map.get(name).is_none_or(|v| v.is_null() && self.null == Null::Missing);
        if missing {
            self.refuse(name, "is required");
        }
    }

    /// Records an error for each field that was not asked for.
    pub fn refuse_unknown(&mut self) {
        for name in self.map.keys().filter(|name| !self.known.contains(&name.as_str())) {
            // A name is the caller's text: cut, or an error could be as long as the request.
            let shown: String = name.chars().take(64).collect();
            self.errors.push(FieldError {
                loc: vec![Loc::Field(shown)],
                msg: "is not a known field".into(),
            });
            if self.errors.len() >= MAX_ERRORS {
                break;
            }
        }
    }

    /// `value`, unless something was refused.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Invalid> {
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ if self.errors.is_empty() => Err(Invalid::whole("is incomplete")),
            _ => Err(Invalid { errors: self.errors }),
        }
    }
}

/// A whole number, also where it is written as 7.0: JSON knows one kind of number.
fn whole(value: &Value) -> Option<u64> {
    let exact = |number: f64| (number >= 0.0 && number <= MAX_SEED as f64).then_some(number as u64);
    value.as_u64().or_else(|| exact(value.as_f64()?).filter(|n| value.as_f64() == Some(*n as f64)))
}

/// More errors than these are not listed: an answer stays small whatever was sent.
const MAX_ERRORS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_error_is_gathered_with_its_place() {
        let value = json!({"n": 0.5, "t": 3, "list": ["a", 1], "extra": null});
        let mut fields = Fields::of(&value, Null::Refused).unwrap();
        fields.integer("n", 0, 9);
        fields.string("t", 4);
        fields.strings("list", 3);
        fields.require("gone");
        fields.refuse_unknown();
        let errors = fields.finish(Some(())).unwrap_err().errors;
        assert_eq!(
            serde_json::to_value(&errors).unwrap(),
            json!([
                {"loc": ["n"], "msg": "must be a whole number between 0 and 9"},
                {"loc": ["t"], "msg": "must be a string"},
                {"loc": ["list", 1], "msg": "must be a string"},
                {"loc": ["gone"], "msg": "is required"},
                {"loc": ["extra"], "msg": "is not a known field"},
            ])
        );
    }

    #[test]
    fn a_whole_number_may_be_written_as_a_fraction() {
        for (value, read) in [(json!(7.0), Some(7)), (json!(7.5), None), (json!(-0.0), Some(0))] {
            let value = json!({"n": value});
            assert_eq!(Fields::of(&value, Null::Refused).unwrap().integer("n", 0, 9), read);
        }
    }

    #[test]
    fn null_is_missing_only_where_it_may_be() {
        let value = json!({"seed": null});
        for (null, refused) in [(Null::Missing, false), (Null::Refused, true)] {
            let mut fields = Fields::of(&value, null).unwrap();
            assert_eq!(fields.integer("seed", 0, 9), None);
            assert_eq!(fields.finish(Some(())).is_err(), refused);
        }
    }

    #[test]
    fn an_answer_stays_small_whatever_was_sent() {
        let map: Map<String, Value> =
            (0..10_000).map(|n| (alloc::format!("{n:0>300}"), Value::Null)).collect();
        let value = Value::Object(map);
        let mut fields = Fields::of(&value, Null::Refused).unwrap();
        fields.refuse_unknown();
        let errors = fields.finish(Some(())).unwrap_err().errors;
        assert!(serde_json::to_string(&errors).unwrap().len() < 10_000);
    }

    #[test]
    fn anything_but_an_object_is_refused() {
        for value in [json!(null), json!([1]), json!("x"), json!(3)] {
            assert_eq!(
                Fields::of(&value, Null::Missing).unwrap_err(),
                Invalid::whole("must be an object")
            );
        }
    }
}
