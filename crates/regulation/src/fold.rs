//! Folding sloppy input once, the same everywhere: what people type, scan and keep in spreadsheets becomes one form.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::level::Level;
use crate::marking::Period;
use crate::time::Date;

/// What should stand somewhere, in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

/// Text that can't be what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {}, found {found:?}", .expected.en)]
pub struct FoldError {
    /// What should stand there.
    pub expected: Expected,
    /// What was found, shortened.
    pub found: String,
}

fn error(expected: Expected, found: &str) -> FoldError {
    FoldError { expected, found: found.chars().take(60).collect() }
}

/// One character, half-width where it is a full-width form of ASCII.
fn narrow(c: char) -> char {
    match c {
        '\t' => ' ',
        _ if c.is_whitespace() && !c.is_control() => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{303f}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' | '\u{ff00}'..='\u{ffef}')
}

/// Characters that carry no meaning in a register and only make two names look alike.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

/// A line of text: letters and digits half-width, white space trimmed and between Chinese characters removed, other
/// runs of white space one blank. Full-width punctuation stays, it belongs to Chinese text. Control characters are
/// refused, invisible ones dropped.
pub fn text(input: &str) -> Result<String, FoldError> {
    let mut out = String::with_capacity(input.len());
    let mut blank = false;
    for c in input.chars() {
        if is_invisible(c) {
            continue;
        }
        let narrowed = narrow(c);
        let c = if narrowed.is_ascii_alphanumeric() || narrowed == ' ' { narrowed } else { c };
        if c == ' ' {
            blank = true;
            continue;
        }
        if c.is_control() {
            return Err(error(PRINTABLE, input));
        }
        if blank && !out.is_empty() {
            let before = out.chars().next_back().unwrap_or(' ');
            if !(is_han(before) || is_han(c)) {
                out.push(' ');
            }
        }
        blank = false;
        out.push(c);
    }
    Ok(out)
}

/// A key to search and compare by: half-width, lower case, no white space, brackets unified, traditional characters as
/// their simplified ones.
pub fn search(input: &str) -> String {
    input.chars().flat_map(search_character).collect()
}

/// What one character becomes in [`search`]: nothing, itself, or others.
pub fn search_character(c: char) -> impl Iterator<Item = char> {
    let kept = Some(c).filter(|c| !is_invisible(*c)).map(|c| simplify(unify_bracket(narrow(c))));
    kept.filter(|c| !c.is_whitespace() && !c.is_control()).into_iter().flat_map(char::to_lowercase)
}

/// Pairs of a traditional character and its usual simplified one, blanks between. Taken from the table `TSCharacters` of `OpenCC` (Apache-2.0).
const SIMPLIFIED: &str = include_str!("simplified.txt");

fn simplify(c: char) -> char {
    static TABLE: OnceLock<HashMap<char, char>> = OnceLock::new();
    if !is_han(c) {
        return c;
    }
    let table = TABLE.get_or_init(|| {
        let pair = |pair: &str| {
            let mut characters = pair.chars();
            characters.next().zip(characters.next())
        };
        SIMPLIFIED.split_whitespace().filter_map(pair).collect()
    });
    table.get(&c).copied().unwrap_or(c)
}

fn unify_bracket(c: char) -> char {
    match c {
        '[' | '【' | '(' | '（' | '［' | '﹝' | '〈' | '「' => '〔',
        ']' | '】' | ')' | '）' | '］' | '﹞' | '〉' | '」' => '〕',
        other => other,
    }
}

/// Without any white space, half-width.
fn tight(input: &str) -> String {
    input.chars().filter(|c| !is_invisible(*c)).map(narrow).filter(|c| !c.is_whitespace()).collect()
}

/// A line of text.
pub const PRINTABLE: Expected =
    Expected { zh: "不含控制字符的文字", en: "text without control characters" };
/// A day.
pub const DATE: Expected = Expected { zh: "日期，如 2026-11-23", en: "a day like 2026-11-23" };

/// A day in any notation that offices use: 2026-3-5, 2026.3.5, 2026/03/05, 2026年3月5日, 20260305, 26.3.5, and with a
/// time behind it, full-width digits allowed. The order is always year, month, day.
pub fn date(input: &str) -> Result<Date, FoldError> {
    let folded: String = input.trim().chars().map(narrow).collect();
    // A time of day behind the date is dropped; spreadsheets add midnight.
    let day_part = folded
        .find(':')
        .and_then(|colon| folded.get(..colon))
        .and_then(|head| head.get(..head.rfind(['T', ' '])?))
        .unwrap_or(&folded);
    let compact: String = day_part.chars().filter(|c| !c.is_whitespace()).collect();
    if compact.len() > 40 {
        return Err(error(DATE, input));
    }
    let numbers: Option<Vec<i16>> = if compact.len() == 8 && compact.bytes().all(|byte| byte.is_ascii_digit())
    {
        [compact.get(0..4), compact.get(4..6), compact.get(6..8)]
            .into_iter()
            .map(|part| part.and_then(|part| part.parse().ok()))
            .collect()
    } else {
        let parts: Vec<&str> = compact
            .trim_end_matches(['日', '号', '.'])
            .split(['-', '/', '.', '年', '月', '、', '—', '－', '·'])
            .collect();
        let digits = |part: &&str| {
            !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if parts.len() == 3 && parts.iter().all(digits) {
            // A year of two digits is one of this century; 0001 is nobody's shorthand.
            let century = |place: usize, part: &str| if place == 0 && part.len() <= 2 { 2000 } else { 0 };
            parts
                .iter()
                .enumerate()
                .map(|(place, part)| Some(part.parse::<i16>().ok()? + century(place, part)))
                .collect()
        } else {
            None
        }
    };
    let found = match numbers.as_deref() {
        Some([year, month, day]) => i8::try_from(*month)
            .ok()
            .zip(i8::try_from(*day).ok())
            .and_then(|(month, day)| Date::new(*year, month, day)),
        _ => None,
    };
    found.ok_or_else(|| error(DATE, input))
}

/// A document number.
pub const NUMBER: Expected = Expected {
    zh: "文号，如 国资发〔2026〕12号",
    en: "a document number like 国资发〔2026〕12号",
};

/// A document number in its one form: `国资发〔2026〕12号`. A number without a year in brackets stays as it is, folded.
pub fn document_number(input: &str) -> Result<String, FoldError> {
    let line = text(input)?;
    let unified: String =
        line.chars().map(narrow).filter(|c| !c.is_whitespace()).map(unify_bracket).collect();
    // Four characters are left for what the one form may add.
    if unified.is_empty() || unified.chars().count() > 96 {
        return Err(error(NUMBER, input));
    }
    let Some((issuer, rest)) = unified.split_once('〔') else { return Ok(unified) };
    let Some((year, serial)) = rest.split_once('〕') else { return Err(error(NUMBER, input)) };
    let year = year.trim_end_matches('年');
    let serial = serial.trim_start_matches('第');
    let bare = serial.strip_suffix('号').unwrap_or(serial);
    let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    if !is_year || bare.is_empty() || issuer.is_empty() {
        // Not a year in brackets: some other kind of number, kept as it is.
        return Ok(unified);
    }
    let bare = if bare.bytes().all(|byte| byte.is_ascii_digit()) {
        let short = bare.trim_start_matches('0');
        if short.is_empty() { "0" } else { short }
    } else {
        bare
    };
    Ok(format!("{issuer}〔{year}〕{bare}号"))
}

/// A marking.
pub const MARKING: Expected = Expected {
    zh: "绝密、机密、秘密或内部敏感，可带期限，如 ★10年",
    en: "绝密, 机密, 秘密 or 内部敏感, with a period like ★10年",
};

/// A marking as typed: the level, and the period if one stands there. Whether the level allows the period is asked
/// elsewhere.
pub fn marking(input: &str) -> Result<(Level, Option<Period>), FoldError> {
    let compact = tight(input).replace('機', "机").replace('絕', "绝").replace('內', "内");
    let split = compact.find(|c: char| {
        matches!(c, '★' | '☆' | '*' | '✩' | '✭' | '※' | '⭐') || c.is_ascii_digit() || c == '长'
    });
    let (word, period_text) = compact.split_at(split.unwrap_or(compact.len()));
    let word = word.trim_end_matches(['(', '（', '、', ',', '，', '-', '级']);
    let level = match word {
        "绝密" | "绝" => Level::TopSecret,
        "机密" | "机" => Level::Secret,
        "秘密" | "秘" => Level::Confidential,
        "内部敏感" | "内部" | "内部资料" | "内部文件" | "内部敏感信息" | "敏感" => {
            Level::Internal
        }
        _ => return Err(error(MARKING, input)),
    };
    let text =
        period_text.trim_start_matches(['★', '☆', '*', '✩', '✭', '※', '⭐']).trim_end_matches([')', '）']);
    if text.is_empty() {
        return Ok((level, None));
    }
    period(text).map(|period| (level, Some(period)))
}

/// A period of secrecy.
pub const PERIOD: Expected =
    Expected { zh: "期限，如 10年 或 6个月", en: "a period like 10年 or 6个月" };

/// A period as typed: 10年, 6个月, 6月. 长期 is none.
pub fn period(input: &str) -> Result<Period, FoldError> {
    let compact = tight(input);
    let digits = compact.find(|c: char| !c.is_ascii_digit()).unwrap_or(compact.len());
    let (count, unit) = compact.split_at(digits);
    let count: u16 = count.parse().map_err(|_| error(PERIOD, input))?;
    match unit {
        "年" | "" => Ok(Period::years(count)),
        "个月" | "月" => Ok(Period::months(count)),
        _ => Err(error(PERIOD, input)),
    }
}

/// Copy numbers.
pub const COPIES: Expected =
    Expected { zh: "份号，如 000012 或 000012-000015", en: "copy numbers like 000012 or 000012-000015" };

/// Copy numbers: single ones, runs `000038-000039`, and lists of them. At most 500.
pub fn copy_numbers(input: &str) -> Result<Vec<u32>, FoldError> {
    let compact = tight(input);
    let number = |text: &str| -> Result<u32, FoldError> {
        let text = text.trim_start_matches("No.").trim_end_matches('号').trim_end_matches('份');
        let sound = !text.is_empty() && text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| sound && *number > 0).ok_or_else(|| error(COPIES, input))
    };
    let mut numbers = Vec::new();
    for part in compact.split([',', '，', '、', ';', '；']).filter(|part| !part.is_empty()) {
        let ends: Vec<&str> =
            part.split(['-', '~', '～', '—', '–', '至', '－']).filter(|end| !end.is_empty()).collect();
        match ends.as_slice() {
            [one] => numbers.push(number(one)?),
            [first, last] => {
                let (first, last) = (number(first)?, number(last)?);
                if last < first || last - first >= 500 {
                    return Err(error(COPIES, input));
                }
                numbers.extend(first..=last);
            }
            _ => return Err(error(COPIES, input)),
        }
        if numbers.len() > 500 {
            return Err(error(COPIES, input));
        }
    }
    if numbers.is_empty() { Err(error(COPIES, input)) } else { Ok(numbers) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_folded_once_and_for_all() {
        assert_eq!(text("  关于 加强　保密 工作的通知 ").unwrap(), "关于加强保密工作的通知");
        assert_eq!(text("ＵＳＢ  ３.０ 管理").unwrap(), "USB 3.0管理");
        assert_eq!(text("党办（秘）、综合").unwrap(), "党办（秘）、综合");
        assert_eq!(text("a\u{200b}b").unwrap(), "ab");
        assert!(text("a\u{0}b").is_err() && text("a\u{7}").is_err() && text("a\nb").is_err());
    }

    #[test]
    fn days_are_read_in_every_notation() {
        for typed in [
            "2025-3-5",
            "2025.3.5",
            "2025/03/05",
            "2025年3月5日",
            "20250305",
            "２０２５年３月５日",
            " 2025-03-05 00:00:00 ",
            "2025-03-05T00:00:00",
            "2025 年 3 月 5 日 08:30",
            "25.3.5",
            "2025 年 3 月 5 日",
            "2025.03.05.",
        ] {
            assert_eq!(date(typed).unwrap().to_string(), "2025-03-05", "{typed}");
        }
        for typed in [
            "",
            "2025.13.2",
            "2025-02-30",
            "3/5",
            "2025",
            "今天",
            "2025-3-5-1",
            "99999999",
            "-2025-3-5",
            "2025--5",
        ] {
            assert!(date(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn document_numbers_have_one_form() {
        for typed in [
            "国资发〔2025〕54号",
            "国资发[2025]54号",
            "国资发【2025】54号",
            "国资发（2025）54号",
            "国资发(2025)054 号",
            "国资发 〔２０２５〕 第５４号",
            "国资发〔2025〕54",
        ] {
            assert_eq!(document_number(typed).unwrap(), "国资发〔2025〕54号", "{typed}");
        }
        assert_eq!(document_number("会议纪要第3期").unwrap(), "会议纪要第3期");
        assert!(document_number("").is_err());
    }

    #[test]
    fn markings_are_read_as_people_type_them() {
        let read = |typed: &str| marking(typed).unwrap();
        assert_eq!(read("机密★10年"), (Level::Secret, Some(Period::years(10))));
        assert_eq!(read("機密☆１０年"), (Level::Secret, Some(Period::years(10))));
        assert_eq!(read("秘*6个月"), (Level::Confidential, Some(Period::months(6))));
        assert_eq!(read("绝 密"), (Level::TopSecret, None));
        for typed in ["内部", "内部资料", "内部敏感"] {
            assert_eq!(read(typed), (Level::Internal, None));
        }
        assert_eq!(read("机密★"), (Level::Secret, None));
        assert_eq!(read("机密★10"), (Level::Secret, Some(Period::years(10))));
        for typed in ["", "公开", "绝密★长期", "密", "机密★十年", "★10年", "机密★-1年"]
        {
            assert!(marking(typed).is_err(), "{typed}");
        }
        let told = marking("绝密★长期").unwrap_err().to_string();
        assert_eq!(told, "expected a period like 10年 or 6个月, found \"长期\"");
    }

    #[test]
    fn runs_of_copy_numbers() {
        assert_eq!(copy_numbers("000038-000040").unwrap(), [38, 39, 40]);
        assert_eq!(copy_numbers("０００００７").unwrap(), [7]);
        assert_eq!(copy_numbers("1、3～5").unwrap(), [1, 3, 4, 5]);
        for typed in ["", "000040-000038", "abc", "1-9999", "0", "1-2-3", "1234567"] {
            assert!(copy_numbers(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn search_keys_do_not_tell_widths_brackets_and_cases_apart() {
        assert_eq!(search("国资发 [2025] ５４号 A"), search("国资发〔２０２５〕54号a"));
        assert_eq!(search("關於機密檔案清點的通知"), "关于机密档案清点的通知");
        assert_eq!(search("关于机密档案清点的通知"), "关于机密档案清点的通知");
    }

    #[test]
    fn blanks_of_every_kind_are_one_blank_and_what_cannot_be_seen_is_dropped() {
        assert_eq!(text("a\u{2003}\u{202f}b").unwrap(), "a b");
        assert_eq!(text("张\u{200b}三\u{e0041}\u{3164}").unwrap(), "张三");
        assert_eq!(text("\u{feff}\u{3000}").unwrap(), "");
    }

    /// Strings of what stands in ledgers, so that the tests below meet the notations and not only noise.
    fn typed() -> impl Strategy<Value = String> {
        const PIECES: &str = "国资发办〔〕[]【】()（）２０２５2026年月日号第0１39.-/、～，★☆*秘机密内部 　\u{200b}\tａＢcＴ:个级";
        let piece = proptest::sample::select(PIECES.chars().collect::<Vec<_>>());
        let ledger = proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.into_iter().collect());
        prop_oneof![3 => ledger, 1 => proptest::collection::vec(any::<char>(), 0..120).prop_map(|chars| chars.into_iter().collect())]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn folding_twice_changes_nothing(typed in typed()) {
            if let Ok(once) = text(&typed) {
                prop_assert_eq!(text(&once), Ok(once));
            }
            if let Ok(once) = document_number(&typed) {
                prop_assert_eq!(document_number(&once), Ok(once));
            }
            if let Ok(once) = date(&typed) {
                prop_assert_eq!(date(&once.to_string()), Ok(once));
            }
            if let Ok(once) = period(&typed) {
                prop_assert_eq!(period(&once.to_string()), Ok(once));
            }
            let once = search(&typed);
            prop_assert_eq!(search(&once), once.clone());
            let sound = copy_numbers(&typed).map_or(true, |numbers| numbers.iter().all(|n| (1..=999_999).contains(n)));
            prop_assert!(sound);
            if let Ok((level, Some(period))) = marking(&typed) {
                prop_assert_eq!(marking(&format!("{}★{period}", level.zh())), Ok((level, Some(period))));
            }
        }

        #[test]
        fn a_day_is_the_same_in_every_notation(offset in 0_i32..100_000) {
            let day = Date::new(1900, 1, 1).unwrap().plus_days(offset);
            let (y, m, d) = (day.year(), day.month(), day.day());
            let wide: String =
                day.to_string().chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
            for typed in [
                day.to_string(),
                format!("{y}.{m}.{d}"),
                format!("{y}/{m:02}/{d:02}"),
                format!("{y}年{m}月{d}日"),
                format!("{y}{m:02}{d:02}"),
                wide,
            ] {
                prop_assert_eq!(date(&typed), Ok(day), "{}", typed);
            }
        }
    }
}
