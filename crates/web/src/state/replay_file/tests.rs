//! Round trip, and what strangers may send.

use super::*;
use crate::state::replay::tests::episodes;
use proptest::prelude::*;
use std::sync::LazyLock;

/// The file of a short episode in which the baseline is breached.
static FILE: LazyLock<String> = LazyLock::new(|| {
    let episodes = episodes(Baseline::Untrained, 6);
    let breached = |e: &&Episode| e.rounds.iter().any(|round| round.baseline.is_none());
    write(episodes.iter().find(breached).expect("the untrained network is breached"))
});

#[test]
fn a_file_gives_back_the_episode_to_the_bit() {
    for baseline in Baseline::ALL {
        for episode in episodes(baseline, 3) {
            let file = write(&episode);
            assert!(file.len() < MAX_FILE_BYTES);
            assert_eq!(read(file.as_bytes()), Ok(episode));
        }
    }
}

#[test]
fn the_longest_frames_fit_the_limit() {
    let mut episode = episodes(Baseline::AlwaysBlock, 1).remove(0);
    let round = Arc::make_mut(&mut episode.rounds[0]);
    round.exhibit.text = "\u{1}".repeat(MAX_FRAME_BYTES);
    round.exhibit.span = None;
    let round = Arc::new(round.clone());
    episode.rounds = (0..16).map(|_| Arc::clone(&round)).collect();
    assert!(write(&episode).len() < MAX_FILE_BYTES);
}

#[test]
fn what_is_no_replay_is_told_in_a_sentence() {
    let cases: [(&[u8], FileError); 7] = [
        (b"", FileError::NotJson),
        (b"\xff\xfe", FileError::NotJson),
        (b"{\"format\":", FileError::NotJson),
        (b"[]", FileError::NotReplay),
        (br#"{"format":"other","version":1}"#, FileError::NotReplay),
        (br#"{"format":"omniguard-replay","version":2}"#, FileError::Version),
        (
            br#"{"format":"omniguard-replay","version":1}"#,
            FileError::Field { frame: None, name: "seed" },
        ),
    ];
    for (bytes, error) in cases {
        assert_eq!(read(bytes), Err(error.clone()));
        assert!(error.to_string().ends_with('.'), "{error}");
    }
    let large = vec![b' '; MAX_FILE_BYTES + 1];
    assert_eq!(read(&large), Err(FileError::TooLarge { n_bytes: MAX_FILE_BYTES + 1 }));
}

/// The file with the first `from` replaced.
fn with(from: &str, to: &str) -> Result<Episode, FileError> {
    assert!(FILE.contains(from), "{from}");
    read(FILE.replacen(from, to, 1).as_bytes())
}

#[test]
fn a_wrong_field_is_named_with_its_frame() {
    let wrong = |from, to, frame, name| {
        assert_eq!(with(from, to), Err(FileError::Field { frame, name }), "{from} {to}");
    };
    wrong("\"seed\": 7", "\"seed\": -7", None, "seed");
    wrong("\"seed\": 7", "\"seed\": 9007199254740992", None, "seed");
    wrong("\"baseline\": \"untrained\"", "\"baseline\": \"gpt\"", None, "baseline");
    wrong("\"episode\": ", "\"episode\": 0, \"x\": ", None, "episode");
    wrong("\"first_step\": ", "\"first_step\": 4294967295, \"x\": ", None, "first_step");
    wrong("\"frames\": [", "\"frames\": [], \"others\": [", None, "frames");
    wrong("\"text\": \"", "\"text\": 1, \"x\": \"", Some(1), "text");
    wrong("\"vector\": \"", "\"vector\": \"new_", Some(1), "vector");
    wrong("\"confidence\": ", "\"confidence\": 7, \"x\": ", Some(1), "action");
    wrong("\"total\": ", "\"total\": 1e99, \"x\": ", Some(1), "total");
    wrong("\"security\": ", "\"insecurity\": ", Some(1), "components");
    wrong("\"security\": ", "\"security\": -4", Some(1), "total");
    wrong("\"trained\": {", "\"trained\": null, \"x\": {", Some(1), "trained");
}

#[test]
fn a_span_that_points_nowhere_is_refused() {
    for span in ["[0, 99999]", "[2, 1]", "[-1, 2]", "[0]", "\"0\""] {
        let file = FILE.replacen("\"span\": ", &format!("\"span\": {span}, \"x\": "), 1);
        assert_eq!(read(file.as_bytes()), Err(FileError::Field { frame: Some(1), name: "span" }));
    }
}

proptest! {
    #[test]
    fn any_bytes_give_an_episode_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn a_damaged_file_never_panics_and_what_is_read_is_whole(
        at in any::<prop::sample::Index>(),
        length in 0_usize..40,
        patch in "[\\[\\]{}\":,0-9a-z\\\\ -]{0,12}",
    ) {
        let start = at.index(FILE.len());
        let end = (start + length).min(FILE.len());
        let mut bytes = FILE.as_bytes().to_vec();
        bytes.splice(start..end, patch.into_bytes());
        if let Ok(episode) = read(&bytes) {
            prop_assert_eq!(read(write(&episode).as_bytes()), Ok(episode));
        }
    }
}
