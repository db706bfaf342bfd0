use super::*;
use crate::action::Action;
use crate::wire::request::ActionBody;
use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use proptest::prelude::*;

/// Pieces from which broken answers are made.
fn shards() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[{}\\[\\]:,\"'\\\\`% \n]",
        Just(String::from("\"action_type\"")),
        Just(String::from("'action_type'")),
        Just(String::from("\"ALLOW\"")),
        Just(String::from("BLOCK")),
        Just(String::from("confidence")),
        Just(String::from("<think>")),
        Just(String::from("</think>")),
        Just(String::from("```json\n")),
        Just(String::from("\\ud83d")),
        "[-+0-9.eE]{1,4}",
        ".{0,3}",
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn any_action() -> impl Strategy<Value = Action> {
    (
        proptest::sample::select(&ActionType::ALL[..]),
        0.0..=1.0_f32,
        any::<String>(),
        proptest::collection::vec("[a-z_.]{1,12}", 0..4),
    )
        .prop_map(|(kind, sure, why, names)| Action::new(kind, sure, why, names).unwrap())
}

/// What may stand around an answer: anything but braces, which may be objects of their own.
const PROSE: &str = "([^{}<]|\\n){0,40}";

proptest! {
    #[test]
    fn any_words_are_read_or_refused(content: String, frame: String) {
        let _ = read(&content, &frame);
    }

    #[test]
    fn broken_answers_are_read_or_refused(content in shards(), frame in shards()) {
        if let Ok(answered) = read(&content, &frame) {
            // An action comes from its key and its name alone.
            let letters: String = content
                .chars()
                .filter(|c| !matches!(c, ' ' | '-' | '_' | '\\'))
                .map(|c| c.to_ascii_uppercase())
                .collect();
            prop_assert!(letters.contains("ACTIONTYPE"), "{}", content);
            let name = answered.action.action_type().name().replace('_', "");
            prop_assert!(letters.contains(&name), "{}", content);
        }
    }

    #[test]
    fn an_answer_survives_prose_and_fences(
        action in any_action(),
        before in PROSE,
        after in PROSE,
        fenced: bool,
        pretty: bool,
    ) {
        let body = ActionBody::from(&action);
        let written = if pretty {
            let value = serde_json::to_value(&body).unwrap();
            format!("{value:#}")
        } else {
            serde_json::to_string(&body).unwrap()
        };
        let content = if fenced {
            format!("{before}\n```json\n{written}\n```\n{after}")
        } else {
            format!("{before}{written}{after}")
        };
        let answered = read(&content, "another text").unwrap();
        prop_assert_eq!(&answered.action, &action);
        let around: Vec<_> = answered.repairs.iter().map(|repair| repair.name()).collect();
        prop_assert!(around.iter().all(|name| matches!(*name, "prose" | "fence")), "{:?}", around);
        prop_assert!(!fenced || around.contains(&"fence"));
    }

    #[test]
    fn an_answer_that_is_cut_is_none(action in any_action(), share in 0.0..1.0_f64) {
        let written = serde_json::to_string(&ActionBody::from(&action)).unwrap();
        let at = written.floor_char_boundary((share * written.len() as f64) as usize);
        let reason = if at == 0 { Unparsed::Empty } else { Unparsed::Truncated };
        prop_assert_eq!(read(&written[..at], "another text"), Err(reason));
    }

    #[test]
    fn an_answer_that_stands_in_the_frame_is_none(action in any_action(), before in PROSE) {
        let written = serde_json::to_string(&ActionBody::from(&action)).unwrap();
        let frame = format!("{before}{written}");
        prop_assert_eq!(read(&written, &frame), Err(Unparsed::Echo));
        let rpc = serde_json::json!({"result": {"text": frame}}).to_string();
        prop_assert_eq!(read(&written, &rpc), Err(Unparsed::Echo));
    }
}
