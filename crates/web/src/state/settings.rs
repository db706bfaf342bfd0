//! What fixes a run: seed, phase and baseline, all of it in the address.
//!
//! Same settings, same run to the bit; so a copied link is a reproduction.

use super::replay::MAX_LINKED_EPISODE;
use core::fmt;
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::MAX_SEED;

/// Who plays beside the trained defender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Baseline {
    /// The policy network at its seeded initial weights.
    #[default]
    Untrained,
    /// A random action each time.
    Random,
    /// Keyword rules, as a gateway ships them.
    Rules,
    /// Always `BLOCK`.
    AlwaysBlock,
}

impl Baseline {
    /// All of them, in the order of the menu.
    pub const ALL: [Self; 4] = [Self::Untrained, Self::Random, Self::Rules, Self::AlwaysBlock];

    /// The name in the address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Untrained => "untrained",
            Self::Random => "random",
            Self::Rules => "rules",
            Self::AlwaysBlock => "always_block",
        }
    }

    /// The name on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Untrained => "Untrained network",
            Self::Random => "Random actions",
            Self::Rules => "Keyword rules",
            Self::AlwaysBlock => "Always block",
        }
    }

    /// The baseline of a name in the address.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|baseline| baseline.name() == name)
    }
}

/// The name in the address of a pinned phase, or of none.
pub fn phase_name(phase: Option<Phase>) -> String {
    phase.map_or_else(|| "auto".to_owned(), |phase| phase.short_name().to_ascii_lowercase())
}

/// The phase of a name in the address: `Some(None)` for `auto`, `None` for an unknown name.
pub fn phase_from_name(name: &str) -> Option<Option<Phase>> {
    let name = name.to_ascii_lowercase();
    if name == "auto" {
        return Some(None);
    }
    let named = |phase: &Phase| phase.name() == name || phase_name(Some(*phase)) == name;
    Phase::ALL.iter().copied().find(named).map(Some)
}

/// What a run depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Drives every draw of the run.
    pub seed: u64,
    /// The phase the run is held in; `None` lets the curriculum move.
    pub phase: Option<Phase>,
    /// Who plays beside the trained defender.
    pub baseline: Baseline,
}

/// What of an address or a field was not understood; `Display` says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingsError {
    /// Not a whole number in range.
    Seed(String),
    /// No phase of that name.
    Phase(String),
    /// No baseline of that name.
    Baseline(String),
    /// No episode of that number, or one that would take too long to reach.
    Episode(String),
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seed(text) => write!(
                f,
                "\u{201c}{}\u{201d} is no seed. Enter a whole number from 0 to {MAX_SEED}, or press \
                 \u{201c}New seed\u{201d}.",
                shortened(text)
            ),
            Self::Phase(text) => {
                write!(
                    f,
                    "The link asks for a phase \u{201c}{}\u{201d}, which does not exist. Choose auto",
                    shortened(text)
                )?;
                Phase::ALL.iter().try_for_each(|phase| write!(f, ", {}", phase.short_name()))?;
                write!(f, " below; until then the phase is auto.")
            }
            Self::Baseline(text) => write!(
                f,
                "The link asks for a baseline \u{201c}{}\u{201d}, which does not exist. Choose one \
                 below; until then it is the {}.",
                shortened(text),
                Baseline::default().label().to_lowercase()
            ),
            Self::Episode(text) => write!(
                f,
                "The link asks for episode \u{201c}{}\u{201d}. A link opens episodes 1 to \
                 {MAX_LINKED_EPISODE}; \u{201c}Auto-run\u{201d} plays this run from its start.",
                shortened(text)
            ),
        }
    }
}

/// Enough of a text to recognise it in a message.
fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 40;
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}\u{2026}", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The seed of a field's text.
pub fn parse_seed(text: &str) -> Result<u64, SettingsError> {
    let text = text.trim();
    // `parse` alone would take "+7".
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seed = if digits { text.parse().ok() } else { None };
    seed.filter(|&seed| seed <= MAX_SEED).ok_or_else(|| SettingsError::Seed(text.to_owned()))
}

/// Settings of an address's query (`?seed=7&phase=boot`), with what was not understood; whatever
/// is missing or wrong gets its default, the seed from `fresh_seed`.
pub fn from_query(query: &str, fresh_seed: impl FnOnce() -> u64) -> (Settings, Vec<SettingsError>) {
    let mut problems = Vec::new();
    let mut seed = None;
    let mut phase = None;
    let mut baseline = Baseline::default();
    for (key, value) in pairs(query) {
        match key {
            "seed" => match parse_seed(value) {
                Ok(number) => seed = Some(number),
                Err(problem) => problems.push(problem),
            },
            "phase" => match phase_from_name(value) {
                Some(choice) => phase = choice,
                None => problems.push(SettingsError::Phase(value.to_owned())),
            },
            "baseline" => match Baseline::from_name(value) {
                Some(choice) => baseline = choice,
                None => problems.push(SettingsError::Baseline(value.to_owned())),
            },
            _ => {}
        }
    }
    (Settings { seed: seed.unwrap_or_else(fresh_seed), phase, baseline }, problems)
}

/// The episode that an address asks to see again, if it asks for one.
pub fn episode_from_query(query: &str) -> Result<Option<u32>, SettingsError> {
    let Some((_, text)) = pairs(query).find(|(key, _)| *key == "episode") else { return Ok(None) };
    let number = text.parse().ok().filter(|number| (1..=MAX_LINKED_EPISODE).contains(number));
    number.map(Some).ok_or_else(|| SettingsError::Episode(text.to_owned()))
}

/// The query of a link to one episode.
pub fn episode_query(settings: &Settings, number: u32) -> String {
    format!("{}&episode={number}", to_query(settings, ""))
}

/// `query` with these settings in it and every other parameter left alone, but for the episode: it
/// belongs to the settings that were.
pub fn to_query(settings: &Settings, query: &str) -> String {
    let mut out = format!(
        "?seed={}&phase={}&baseline={}",
        settings.seed,
        phase_name(settings.phase),
        settings.baseline.name()
    );
    for (key, value) in pairs(query) {
        if !matches!(key, "seed" | "phase" | "baseline" | "episode") {
            out.push('&');
            out.push_str(key);
            if !value.is_empty() {
                out.push('=');
                out.push_str(value);
            }
        }
    }
    out
}

/// Whether the address asks for the demo alone, as in a frame of another page.
pub fn embedded(query: &str) -> bool {
    pairs(query).any(|pair| pair == ("embed", "demo"))
}

/// The query without the wish for the demo alone.
pub fn whole_page(query: &str) -> String {
    let kept: Vec<_> = pairs(query).filter(|(key, _)| *key != "embed").collect();
    kept.iter().enumerate().fold(String::new(), |out, (idx, (key, value))| {
        format!("{out}{}{key}={value}", if idx == 0 { '?' } else { '&' })
    })
}

/// Names and values as written: ours need no percent-decoding, and others pass through untouched.
fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .trim_start_matches('?')
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_gives_back_the_settings_it_was_made_of() {
        for phase in Phase::ALL.iter().copied().map(Some).chain([None]) {
            for baseline in Baseline::ALL {
                for seed in [0, 7, MAX_SEED] {
                    let settings = Settings { seed, phase, baseline };
                    let query = to_query(&settings, "");
                    assert_eq!(from_query(&query, || unreachable!()), (settings, vec![]));
                }
            }
        }
    }

    #[test]
    fn an_empty_address_draws_a_seed() {
        let (settings, problems) = from_query("", || 99);
        assert_eq!((settings.seed, settings.phase), (99, None));
        assert!(problems.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_and_the_rest_kept() {
        let (settings, problems) = from_query("?seed=-3&phase=chain&baseline=gpt", || 5);
        assert_eq!(settings.seed, 5);
        assert_eq!(settings.phase, Some(Phase::ChainedExploitation));
        let named: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(named.len(), 2);
        assert!(named.iter().any(|text| text.contains("-3") && text.contains("New seed")));
        assert!(named.iter().any(|text| text.contains("gpt")));
    }

    #[test]
    fn seeds_are_whole_numbers_in_range() {
        assert_eq!(parse_seed(" 42 "), Ok(42));
        assert_eq!(parse_seed("9007199254740991"), Ok(MAX_SEED));
        for bad in ["", "9007199254740992", "1.5", "-1", "+1", "1e3", "seven", "٣"] {
            assert!(parse_seed(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_link_to_an_episode_names_it_and_its_run() {
        let settings = Settings { seed: 7, phase: None, baseline: Baseline::Random };
        let query = episode_query(&settings, 12);
        assert_eq!(from_query(&query, || 0), (settings, vec![]));
        assert_eq!(episode_from_query(&query), Ok(Some(12)));
        assert_eq!(episode_from_query("?seed=7"), Ok(None));
        for bad in ["0", "-1", "", "many", "2001", "99999999999"] {
            let problem = episode_from_query(&format!("?episode={bad}"));
            assert_eq!(problem, Err(SettingsError::Episode(bad.to_owned())));
        }
        assert_eq!(to_query(&settings, &query), "?seed=7&phase=auto&baseline=random");
    }

    #[test]
    fn other_parameters_stay() {
        let settings = Settings { seed: 1, phase: None, baseline: Baseline::Rules };
        let query = to_query(&settings, "?embed=demo&seed=9&x");
        assert_eq!(query, "?seed=1&phase=auto&baseline=rules&embed=demo&x");
    }

    #[test]
    fn the_demo_alone_is_asked_for_in_full() {
        assert!(embedded("?embed=demo") && embedded("?seed=7&embed=demo"));
        assert!(!embedded("?embed=other") && !embedded("?seed=embed") && !embedded(""));
        assert_eq!(whole_page("?embed=demo&seed=7&phase=boot"), "?seed=7&phase=boot");
        assert_eq!(whole_page("?embed=demo"), "");
    }

    #[test]
    fn wire_names_of_phases_are_understood_too() {
        assert_eq!(phase_from_name("chained_exploitation"), Some(Some(Phase::ChainedExploitation)));
        assert_eq!(phase_from_name("BOOT"), Some(Some(Phase::Bootstrapping)));
        assert_eq!(phase_from_name("hard"), None);
    }
}
