//! What a replay server gets wrong, for how long, and for whom.

use omniguard_core::ingest::Source;

/// How a request is failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An error status; 429 and 503 with `Retry-After`, where one is told.
    Status(u16),
    /// No answer.
    Timeout,
    /// Half the body, then the connection ends.
    Cut,
    /// A body that is no JSON.
    Json,
    /// Rows without their text columns.
    Columns,
    /// A split without rows.
    Empty,
    /// Every row has a truncated cell.
    Truncated,
    /// Another revision of the dataset than its card names.
    Revision,
    /// Pages without a revision.
    Unmarked,
}

/// A failure as it meets a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How it fails.
    pub kind: Kind,
    /// What `Retry-After` says: seconds, a date or anything else.
    pub retry_after: Option<String>,
}

/// A failure, for whom and how often.
#[derive(Debug, Clone)]
struct Plan {
    failure: Failure,
    source: Option<Source>,
    /// Pages that begin before are well.
    from: u64,
    /// How many more; `None` until it is cleared.
    left: Option<u64>,
}

/// All failures in force, in the order in which they were told.
#[derive(Debug, Default)]
pub struct Plans(Vec<Plan>);

impl Plans {
    /// Adds a plan:
    /// `fail=KIND[&dataset=witfoo][&from=OFFSET][&times=N][&retry_after=WORDS]`; `fail=none`
    /// clears all of them.
    ///
    /// # Errors
    /// A word that is not known.
    pub fn add(&mut self, query: &str) -> Result<(), String> {
        let mut plan = Plan {
            failure: Failure { kind: Kind::Timeout, retry_after: None },
            source: None,
            from: 0,
            left: None,
        };
        let mut told = false;
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let number = || value.parse::<u64>().map_err(|_| format!("{key}: {value}"));
            match key.as_ref() {
                "fail" if value == "none" => {
                    self.0.clear();
                    return Ok(());
                }
                "fail" => {
                    plan.failure.kind = kind(&value)?;
                    told = true;
                }
                "dataset" => plan.source = Some(source(&value).ok_or(format!("no {value}"))?),
                "from" => plan.from = number()?,
                "times" => plan.left = Some(number()?),
                "retry_after" => plan.failure.retry_after = Some(value.into_owned()),
                _ => return Err(format!("unknown: {key}")),
            }
        }
        if !told {
            return Err("fail is missing".into());
        }
        self.0.push(plan);
        Ok(())
    }

    /// What the next request is failed with.
    pub(super) fn next(&mut self, source: Option<Source>, offset: u64) -> Option<Failure> {
        let plan = self.0.iter_mut().find(|plan| {
            plan.left != Some(0)
                && offset >= plan.from
                && (plan.source.is_none() || plan.source == source)
        })?;
        plan.left = plan.left.map(|left| left - 1);
        Some(plan.failure.clone())
    }
}

fn kind(name: &str) -> Result<Kind, String> {
    Ok(match name {
        "timeout" => Kind::Timeout,
        "cut" => Kind::Cut,
        "json" => Kind::Json,
        "columns" => Kind::Columns,
        "empty" => Kind::Empty,
        "truncated" => Kind::Truncated,
        "revision" => Kind::Revision,
        "unmarked" => Kind::Unmarked,
        status => match status.parse() {
            Ok(status @ 400..600) => Kind::Status(status),
            _ => return Err(format!("fail: {name}")),
        },
    })
}

/// A dataset by either of its names.
pub(super) fn source(name: &str) -> Option<Source> {
    let by_hub = || Source::ALL.iter().copied().find(|source| source.dataset() == name);
    Source::from_name(name).or_else(by_hub)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_meets_whom_it_names_as_often_as_it_says() {
        let mut plans = Plans::default();
        plans.add("fail=429&dataset=nist&from=200&times=2&retry_after=1").unwrap();
        assert_eq!(plans.next(Some(Source::Fenrir), 300), None);
        assert_eq!(plans.next(Some(Source::Nist), 100), None);
        for _ in 0..2 {
            let failure = plans.next(Some(Source::Nist), 200).unwrap();
            assert_eq!(failure.kind, Kind::Status(429));
            assert_eq!(failure.retry_after.as_deref(), Some("1"));
        }
        assert_eq!(plans.next(Some(Source::Nist), 200), None);
        plans.add("fail=cut").unwrap();
        assert!(plans.next(None, 0).is_some());
        plans.add("fail=none").unwrap();
        assert_eq!(plans.next(None, 0), None);
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        for query in ["", "times=2", "fail=maybe", "fail=200", "fail=500&times=x", "a=b"] {
            assert!(Plans::default().add(query).is_err(), "{query}");
        }
    }
}
