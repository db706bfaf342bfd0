//! Where the hosted models are, and what they may cost: the deployment's variables.

use super::bucket::Rate;
use omniguard_core::wire::infer::{ModelBody, ModelsBody, Side};
use omniguard_core::wire::problem::Problem;
use std::fmt;
use worker::{Env, Url};

const BASE_URL: &str = "https://router.huggingface.co/v1";
const BASE_MODEL: &str = "Qwen/Qwen2.5-3B-Instruct";
/// Upstream calls a day.
const DAILY_CALLS: u32 = 1_000;
const RATE: Rate = Rate { per_minute: 10, burst: 5 };
/// What stands where the token stood.
const REDACTED: &str = "[redacted]";

/// A secret that no text shows.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Token {
    pub(crate) const fn new(text: String) -> Self {
        Self(text)
    }

    /// Value of the `Authorization` header.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

/// Whether nobody on the way reads what is sent there.
pub(crate) fn is_private(url: &Url) -> bool {
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    url.scheme() == "https" || (url.scheme() == "http" && local)
}

/// A hosted model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upstream {
    /// Of its chat completions.
    pub(crate) url: String,
    pub(crate) model: String,
    /// The trained model may live where none is needed.
    pub(crate) token: Option<Token>,
}

impl Upstream {
    fn new(name: &str, base: &str, model: String, token: Option<Token>) -> Result<Self, String> {
        let refused = || format!("{name} must be an https URL, or an http URL of this machine");
        let url = Url::parse(base).map_err(|_| refused())?;
        // The token never travels in the clear.
        if !is_private(&url) {
            return Err(refused());
        }
        let url = format!("{}/chat/completions", base.trim_end_matches('/'));
        Ok(Self { url, model, token })
    }

    /// The text without the token, wherever an upstream or a platform repeats it.
    pub(crate) fn scrub(&self, text: &str) -> String {
        match &self.token {
            Some(Token(token)) => text.replace(token.as_str(), REDACTED),
            None => text.to_owned(),
        }
    }
}

/// What the variables say; where a model cannot be asked, what to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    base: Result<Upstream, String>,
    trained: Result<Upstream, String>,
    pub(crate) daily_calls: u32,
    pub(crate) rate: Rate,
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
        let number = |name: &str, default| {
            text(name).and_then(|text| text.parse::<u32>().ok()).unwrap_or(default)
        };
        let token = || text("HF_TOKEN").map(Token);
        let base = match token() {
            None => Err("set the secret HF_TOKEN".into()),
            token => Upstream::new(
                "HF_BASE_URL",
                &text("HF_BASE_URL").unwrap_or_else(|| BASE_URL.into()),
                text("HF_BASE_MODEL").unwrap_or_else(|| BASE_MODEL.into()),
                token,
            ),
        };
        let trained = match (text("HF_TRAINED_URL"), text("HF_TRAINED_MODEL")) {
            (Some(url), Some(model)) => Upstream::new("HF_TRAINED_URL", &url, model, token()),
            _ => Err("set HF_TRAINED_URL and HF_TRAINED_MODEL".into()),
        };
        Self {
            base,
            trained,
            daily_calls: number("INFER_DAILY_CALLS", DAILY_CALLS),
            rate: Rate {
                per_minute: number("INFER_PER_MINUTE", RATE.per_minute).clamp(1, 60_000),
                burst: number("INFER_BURST", RATE.burst).max(1),
            },
        }
    }

    /// The settings of a deployment with nothing but a token.
    #[cfg(test)]
    pub(crate) fn of_token(token: &str) -> Self {
        Self::read(|name| (name == "HF_TOKEN").then(|| token.to_owned()))
    }

    /// The model of a side, or what to set.
    pub(crate) fn upstream(&self, side: Side) -> Result<&Upstream, &str> {
        match side {
            Side::Base => &self.base,
            Side::Trained => &self.trained,
        }
        .as_ref()
        .map_err(String::as_str)
    }

    /// The model of a side, for a caller.
    pub(crate) fn configured(&self, side: Side) -> Result<&Upstream, Problem> {
        self.upstream(side).map_err(|what| {
            let detail = format!("the {} model is not set up here: {what}", side.name());
            Problem::inference_unconfigured(detail)
        })
    }

    pub(crate) fn models(&self) -> ModelsBody {
        let model = |side| match self.upstream(side) {
            Ok(upstream) => {
                let model_id = Some(upstream.model.clone());
                ModelBody { configured: true, model_id, detail: None }
            }
            Err(what) => ModelBody { configured: false, model_id: None, detail: Some(what.into()) },
        };
        ModelsBody { base: model(Side::Base), trained: model(Side::Trained) }
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
    fn a_token_is_all_that_the_base_model_needs() {
        let bare = settings(&[("HF_TOKEN", " ")]);
        assert!(bare.upstream(Side::Base).unwrap_err().contains("HF_TOKEN"));
        let set = settings(&[("HF_TOKEN", "secret\n")]);
        let base = set.upstream(Side::Base).unwrap();
        assert_eq!(base.url, "https://router.huggingface.co/v1/chat/completions");
        assert_eq!(base.model, "Qwen/Qwen2.5-3B-Instruct");
        assert_eq!(base.token.as_ref().unwrap().bearer(), "Bearer secret");
        assert!(set.upstream(Side::Trained).unwrap_err().contains("HF_TRAINED_URL"));
        assert!(set.models().base.configured && !set.models().trained.configured);
    }

    #[test]
    fn the_trained_model_needs_a_place_and_a_name() {
        let url = ("HF_TRAINED_URL", "https://x.example/v1/");
        assert!(settings(&[url]).upstream(Side::Trained).is_err());
        let set = settings(&[url, ("HF_TRAINED_MODEL", "adapter")]);
        let trained = set.upstream(Side::Trained).unwrap();
        assert_eq!(trained.url, "https://x.example/v1/chat/completions");
        assert_eq!(trained.token, None);
    }

    #[test]
    fn a_token_never_travels_in_the_clear() {
        let base = |url| settings(&[("HF_TOKEN", "t"), ("HF_BASE_URL", url)]).base;
        for good in
            ["https://a.example", "http://127.0.0.1:80/v1", "http://localhost", "http://[::1]:1"]
        {
            assert!(base(good).is_ok(), "{good}");
        }
        for bad in ["http://a.example", "http://127.0.0.1.a.example", "ftp://localhost", "x", "//a"]
        {
            assert!(base(bad).unwrap_err().contains("HF_BASE_URL"), "{bad}");
        }
    }

    #[test]
    fn no_text_shows_the_token() {
        let set = settings(&[("HF_TOKEN", "plain-secret")]);
        assert!(!format!("{set:?}").contains("plain-secret"));
        let scrubbed = set.upstream(Side::Base).unwrap().scrub("a plain-secret, plain-secret!");
        assert_eq!(scrubbed, "a [redacted], [redacted]!");
    }

    #[test]
    fn what_is_no_number_has_its_default() {
        let set = settings(&[("INFER_DAILY_CALLS", "many"), ("INFER_BURST", "0")]);
        assert_eq!((set.daily_calls, set.rate), (1_000, Rate { per_minute: 10, burst: 1 }));
        let set = settings(&[("INFER_DAILY_CALLS", "0"), ("INFER_PER_MINUTE", "600")]);
        assert_eq!((set.daily_calls, set.rate), (0, Rate { per_minute: 600, burst: 5 }));
    }
}
