//! Unicode's facts for the table, as BERT's normaliser uses them.

use omniguard_core::embed::Characters;
use unicode_normalization::char::{decompose_canonical, is_combining_mark};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

pub(super) fn characters() -> Characters {
    let removed = |c: char| {
        matches!(
            c.general_category(),
            GeneralCategory::Control | GeneralCategory::Format | GeneralCategory::PrivateUse
        )
    };
    let accent =
        |c: char| is_combining_mark(c) && c.general_category() == GeneralCategory::NonspacingMark;
    let punctuation = |c: char| c.general_category_group() == GeneralCategoryGroup::Punctuation;
    let decompose = |c: char| {
        let mut parts = String::new();
        decompose_canonical(c, |part| parts.push(part));
        if parts.chars().eq([c]) { String::new() } else { parts }
    };
    Characters::of(removed, accent, punctuation, decompose)
}
