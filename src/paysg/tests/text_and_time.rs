use crate::paysg::text;
use crate::paysg::time::{format_iso_ms, ms_of_either_unit, parse_http_date_ms, parse_iso_ms};
use proptest::prelude::*;

#[test]
fn pasted_typography_becomes_ascii() {
    for (given, normal) in [
        ("Tan Ah Beng", "Tan Ah Beng"),
        ("O’Brien ‘x’ ‛y′", "O'Brien 'x' 'y'"),
        ("“Mary” „Ann‟ 5″", "\"Mary\" \"Ann\" 5\""),
        ("a‐b‑c‒d–e—f―g−h", "a-b-c-d-e-f-g-h"),
        ("ＡＢＣ　ａｂｃ　１２３", "ABC abc 123"),
        ("＃０８－８８，（Ｓ）", "#08-88,(S)"),
        ("甲、乙。丙､丁｡", "甲,乙.丙,丁."),
        ("a…", "a..."),
        ("a\u{a0}b\u{2003}c\u{202f}d\u{3000}", "a b c d"),
        ("  two  spaces  ", "two  spaces"),
        (
            "Blk 1 \r\n\r\n Street 2\tUnit 3\u{2028}Singapore\n",
            "Blk 1 Street 2 Unit 3 Singapore",
        ),
        ("陈大文 சிங்கப்பூர் José", "陈大文 சிங்கப்பூர் José"),
        ("！～", "!~"),
        ("\u{3000}\n", ""),
        ("", ""),
    ] {
        assert_eq!(text::normalise(given), normal, "{given:?}");
    }
}

#[test]
fn one_line_keeps_typography() {
    assert_eq!(
        text::one_line(" Fee — 2024 \n\n for “X” "),
        "Fee — 2024 for “X”"
    );
}

#[test]
fn what_nobody_can_see_is_taken_out() {
    for (given, line) in [
        ("\u{feff}Tan\u{200b}", "Tan"),
        ("sign\u{ad}board\u{2060}s", "signboards"),
        ("\u{202e}Tan\u{202c} Ah\u{200e}", "Tan Ah"),
        ("Blk 1\u{b}#02\u{c}\u{85}Lane", "Blk 1 #02 Lane"),
        ("a\u{a0}\u{2009}b\u{3000}", "a  b"),
        ("a \u{200b} b", "a  b"),
        // What chooses the shape of the character before it stays.
        (
            "\u{d95}\u{dca}\u{200d}\u{dc2}",
            "\u{d95}\u{dca}\u{200d}\u{dc2}",
        ),
        ("❤\u{fe0f} 辻\u{e0100}", "❤\u{fe0f} 辻\u{e0100}"),
        ("\u{200d}a \u{200d}b", "a b"),
    ] {
        assert_eq!(text::one_line(given), line, "{given:?}");
    }
}

#[test]
fn invisible_characters_are_unicodes() {
    use icu_properties::props::{
        DefaultIgnorableCodePoint, GeneralCategory, PrependedConcatenationMark,
    };
    use icu_properties::{CodePointMapData, CodePointSetData};
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let prepended = CodePointSetData::new::<PrependedConcatenationMark>();
    let category = CodePointMapData::<GeneralCategory>::new();
    for character in '\0'..=char::MAX {
        let format =
            category.get(character) == GeneralCategory::Format && !prepended.contains(character);
        assert_eq!(
            text::is_invisible(character),
            ignorable.contains(character) || format,
            "{character:?}"
        );
    }
}

#[test]
fn characters_that_are_kept_choose_shapes() {
    use icu_properties::CodePointSetData;
    use icu_properties::props::{JoinControl, VariationSelector};
    let joins = CodePointSetData::new::<JoinControl>();
    let selects = CodePointSetData::new::<VariationSelector>();
    for character in '\0'..=char::MAX {
        let kept = text::one_line(&format!("a{character}")).len() > 1;
        if text::is_invisible(character) {
            assert_eq!(
                kept,
                joins.contains(character) || selects.contains(character),
                "{character:?}"
            );
        }
    }
}

#[test]
fn characters_are_utf16_code_units() {
    for (given, len) in [
        ("", 0),
        ("abc", 3),
        ("é", 1),
        ("中", 1),
        ("😀", 2),
        ("e\u{301}", 2),
    ] {
        assert_eq!(text::len(given), len);
    }
}

#[test]
fn control_and_damaged_characters_are_seen() {
    for control in ["\0", "a\nb", "\t", "\u{7f}", "\u{85}", "\u{1f}"] {
        assert!(text::has_control(control), "{control:?}");
    }
    assert!(!text::has_control("a b é 中 😀 \u{200b}"));
    assert!(text::is_damaged("a\u{fffd}") && !text::is_damaged("a?"));
}

#[test]
fn timestamps_are_read_with_their_offset() {
    for (given, ms) in [
        ("2023-08-03T17:36:52.634+08:00", 1_691_055_412_634),
        ("2023-08-03T09:36:52.634Z", 1_691_055_412_634),
        ("2023-08-03T17:36:52.634+0800", 1_691_055_412_634),
        ("2023-08-03T05:06:52.634-04:30", 1_691_055_412_634),
        ("2023-08-03T09:36:52Z", 1_691_055_412_000),
        ("2023-08-03T09:36:52.6Z", 1_691_055_412_600),
        ("2023-08-03T09:36:52.634999999Z", 1_691_055_412_634),
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2000-02-29T00:00:00Z", 951_782_400_000),
        ("2024-02-29T23:59:59Z", 1_709_251_199_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ] {
        assert_eq!(parse_iso_ms(given), Some(ms), "{given}");
    }
    for bad in [
        "",
        "2023-08-03",
        "2023-08-03T17:36:52",
        "2023-08-03 17:36:52Z",
        "2023-08-03t17:36:52Z",
        "2023-13-03T17:36:52Z",
        "2023-00-03T17:36:52Z",
        "2023-02-29T17:36:52Z",
        "1900-02-29T17:36:52Z",
        "2023-04-31T17:36:52Z",
        "2023-08-00T17:36:52Z",
        "2023-08-03T24:00:00Z",
        "2023-08-03T17:60:52Z",
        "2023-08-03T17:36:60Z",
        "2023-08-03T17:36:52.Z",
        "2023-08-03T17:36:52.1234567890Z",
        "2023-08-03T17:36:52+8",
        "2023-08-03T17:36:52+24:00",
        "2023-08-03T17:36:52+08:60",
        "2023-08-03T17:36:52Zx",
        "2023-8-3T17:36:52Z",
        "+023-08-03T17:36:52Z",
        "2023-08-03T17:36:52.+1Z",
        "20é3-08-03T17:36:52Z",
        "1691055412634",
    ] {
        assert_eq!(parse_iso_ms(bad), None, "{bad:?}");
    }
}

#[test]
fn instants_beyond_four_digit_years_are_written_as_the_nearest() {
    assert_eq!(format_iso_ms(i64::MIN), "0000-01-01T00:00:00.000Z");
    assert_eq!(format_iso_ms(i64::MAX), "9999-12-31T23:59:59.999Z");
    assert_eq!(format_iso_ms(1_691_055_412_634), "2023-08-03T09:36:52.634Z");
}

#[test]
fn seconds_and_milliseconds_are_told_apart_by_size() {
    assert_eq!(ms_of_either_unit(1_691_055_412), 1_691_055_412_000);
    assert_eq!(ms_of_either_unit(1_691_055_412_634), 1_691_055_412_634);
    assert_eq!(ms_of_either_unit(99_999_999_999), 99_999_999_999_000);
    assert_eq!(ms_of_either_unit(100_000_000_000), 100_000_000_000);
    assert_eq!(ms_of_either_unit(0), 0);
}

proptest! {
    #![proptest_config(super::cases(1000))]

    #[test]
    fn an_instant_survives_text(ms in -62_167_219_200_000_i64..=253_402_300_799_999) {
        prop_assert_eq!(parse_iso_ms(&format_iso_ms(ms)), Some(ms));
    }

    /// `httpdate` also checks the day of the week, and reads a leap second.
    #[test]
    fn http_dates_are_read_as_by_httpdate(secs in 0_u64..=4_102_444_800, at in 0_usize..29, byte in "[ -~]") {
        let instant = std::time::UNIX_EPOCH + std::time::Duration::from_secs(secs);
        let date = httpdate::fmt_http_date(instant);
        prop_assert_eq!(parse_http_date_ms(&date), i64::try_from(secs * 1000).ok());
        let mut odd = date.clone();
        odd.replace_range(at..=at, &byte);
        if let Ok(read) = httpdate::parse_http_date(&odd) {
            let ms = read.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
            prop_assert!(parse_http_date_ms(&odd).is_none_or(|ours| ours == i64::try_from(ms).unwrap()), "{odd}");
        }
    }

    #[test]
    fn an_offset_moves_an_instant(ms in 0_i64..=4_102_444_800_000, minutes in -1439_i64..=1439) {
        let local = format_iso_ms(ms + minutes * 60_000).replace('Z', "");
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
        prop_assert_eq!(parse_iso_ms(&format!("{local}{sign}{hours:02}:{rest:02}")), Some(ms));
    }

    #[test]
    fn normalising_twice_is_normalising_once(given in any::<String>(), pasted in "[ -~‘’“”–—…　\u{a0}\n\r\tＡ-Ｚａ-ｚ、。]{0,20}") {
        for given in [given, pasted] {
            let once = text::normalise(&given);
            prop_assert_eq!(text::normalise(&once), once.clone());
            prop_assert_eq!(once.trim(), once.as_str());
        }
    }

    #[test]
    fn ascii_on_one_line_is_left_alone(given in "([!-~]([ -~]{0,20}[!-~])?)?") {
        prop_assert_eq!(text::normalise(&given), given);
    }

    #[test]
    fn a_clip_is_the_longest_beginning_that_fits(given in any::<String>(), max in 0_usize..20) {
        let clip = text::clip(&given, max);
        prop_assert!(clip.len() <= max && given.starts_with(clip));
        let next = given[clip.len()..].chars().next();
        prop_assert!(next.is_none_or(|next| clip.len() + next.len_utf8() > max));
    }
}
