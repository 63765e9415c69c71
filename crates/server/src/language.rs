//! Which of the two languages an answer is written in. Owns the reading of `Accept-Language` and nothing else.

use axum::http::{HeaderMap, header};

/// A language of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// Simplified Chinese, the default.
    Chinese,
    /// English.
    English,
}

impl Language {
    /// The language that the request prefers; Chinese where it says nothing of either.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text =
            headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let weight = |language: &str| {
            text.split(',')
                .take(32)
                .filter_map(|part| {
                    let mut pieces = part.trim().split(';');
                    let tag = pieces.next()?.trim().to_ascii_lowercase();
                    let fits = tag == language
                        || tag.strip_prefix(language).is_some_and(|rest| rest.starts_with('-'));
                    let quality = pieces
                        .find_map(|piece| piece.trim().strip_prefix("q="))
                        .map_or(1.0, |quality| quality.trim().parse::<f32>().unwrap_or(0.0));
                    fits.then_some(quality)
                })
                .fold(0.0, f32::max)
        };
        if weight("en") > weight("zh") { Self::English } else { Self::Chinese }
    }

    /// The wording of this language.
    pub(crate) const fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Chinese => zh,
            Self::English => en,
        }
    }

    /// The tag for `Content-Language`.
    pub(crate) const fn tag(self) -> &'static str {
        self.pick("zh-CN", "en")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn asked(text: &'static str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(text));
        Language::of(&headers)
    }

    #[test]
    fn chinese_unless_english_is_preferred() {
        assert_eq!(Language::of(&HeaderMap::new()), Language::Chinese);
        assert_eq!(asked("fr"), Language::Chinese);
        assert_eq!(asked("en"), Language::English);
        assert_eq!(asked("en-GB,zh;q=0.8"), Language::English);
        assert_eq!(asked("en;q=0.5,zh-CN"), Language::Chinese);
        assert_eq!(asked("en;q=nonsense"), Language::Chinese);
    }
}
