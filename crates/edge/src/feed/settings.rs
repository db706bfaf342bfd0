//! Which feeds there are, and where their rows come from: the deployment's variables.

use super::Place;
use crate::infer::settings::{Token, is_private};
use omniguard_core::ingest::Source;
use worker::{Env, Url};

const BASE_URL: &str = "https://datasets-server.huggingface.co";

/// What the variables say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The feeds; none where they are off.
    pub(crate) sources: Vec<Source>,
    base_url: String,
    token: Option<Token>,
}

impl Settings {
    pub(crate) fn from_env(env: &Env) -> Self {
        // A secret reads like a variable.
        Self::read(|name| env.var(name).ok().map(|value| value.to_string()))
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| {
            let value = variable(name)?;
            let value = value.trim();
            (!value.is_empty()).then(|| value.to_owned())
        };
        let on = text("FEEDS").is_some_and(|value| value.eq_ignore_ascii_case("on"));
        let named = text("FEED_DATASETS");
        let wanted = |source: &Source| {
            let mut names = named.iter().flat_map(|list| list.split(','));
            named.is_none() || names.any(|name| name.trim() == source.name())
        };
        Self {
            sources: Source::ALL.iter().copied().filter(|source| on && wanted(source)).collect(),
            base_url: text("DATASETS_BASE_URL").unwrap_or_else(|| BASE_URL.into()),
            token: text("DATASETS_TOKEN").map(Token::new),
        }
    }

    /// Where the hub tells a dataset's splits.
    pub(crate) fn splits_url(&self, source: Source) -> Option<Url> {
        self.url("splits", &[("dataset", source.dataset())])
    }

    /// Where the hub gives rows.
    pub(crate) fn rows_url(
        &self,
        source: Source,
        place: &Place,
        offset: u64,
        length: u32,
    ) -> Option<Url> {
        let (offset, length) = (offset.to_string(), length.to_string());
        let pairs = [
            ("dataset", source.dataset()),
            ("config", place.config.as_str()),
            ("split", place.split.as_str()),
            ("offset", offset.as_str()),
            ("length", length.as_str()),
        ];
        self.url("rows", &pairs)
    }

    fn url(&self, path: &str, pairs: &[(&str, &str)]) -> Option<Url> {
        let mut url =
            Url::parse(&format!("{}/{path}", self.base_url.trim_end_matches('/'))).ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        url.query_pairs_mut().extend_pairs(pairs);
        Some(url)
    }

    /// Value of the `Authorization` header: the token never travels in the clear.
    pub(super) fn bearer(&self, url: &Url) -> Option<String> {
        self.token.as_ref().filter(|_| is_private(url)).map(Token::bearer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Settings {
        let value = |name: &str| variables.iter().find(|(one, _)| *one == name);
        Settings::read(|name| value(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn feeds_are_off_unless_they_are_switched_on() {
        for off in [&[][..], &[("FEEDS", "off")], &[("FEEDS", "")], &[("FEED_DATASETS", "nist")]] {
            assert_eq!(settings(off).sources, []);
        }
        assert_eq!(settings(&[("FEEDS", "on")]).sources, Source::ALL);
        let two = settings(&[("FEEDS", "On"), ("FEED_DATASETS", "nist, witfoo,other")]);
        assert_eq!(two.sources, [Source::Witfoo, Source::Nist]);
    }

    #[test]
    fn addresses_are_those_of_the_datasets_server() {
        let hub = settings(&[("DATASETS_BASE_URL", "http://127.0.0.1:9/")]);
        let splits = hub.splits_url(Source::Witfoo).unwrap();
        assert_eq!(
            splits.as_str(),
            "http://127.0.0.1:9/splits?dataset=witfoo%2Fprecinct6-cybersecurity"
        );
        let place = Place { config: "signals".into(), split: "train".into() };
        let rows = hub.rows_url(Source::Witfoo, &place, 200, 100).unwrap();
        assert!(rows.as_str().ends_with("&config=signals&split=train&offset=200&length=100"));
        for bad in ["ftp://x", "no address", "file:///etc/passwd"] {
            assert_eq!(settings(&[("DATASETS_BASE_URL", bad)]).splits_url(Source::Nist), None);
        }
    }

    #[test]
    fn a_token_never_travels_in_the_clear() {
        let bearer = |base| {
            let hub = settings(&[("DATASETS_BASE_URL", base), ("DATASETS_TOKEN", "secret")]);
            hub.bearer(&hub.splits_url(Source::Nist).unwrap())
        };
        assert_eq!(bearer("https://hub.example").as_deref(), Some("Bearer secret"));
        assert!(bearer("http://127.0.0.1:9").is_some());
        assert_eq!(bearer("http://hub.example"), None);
        assert!(!format!("{:?}", settings(&[("DATASETS_TOKEN", "secret")])).contains("secret"));
    }
}
