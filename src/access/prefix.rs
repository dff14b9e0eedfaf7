//! Everything below one path, in every spelling.

use super::{pattern::Pattern, traversal};
use crate::error::{ConfigError, ConfigErrorKind};

/// A path that closes everything below it.
#[derive(Clone, Debug)]
pub(crate) struct Prefix {
    text: Box<str>,
}

impl Prefix {
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        let pattern = Pattern::parse(text.to_owned())?;
        let is_plain = !pattern.has_parameters()
            && !text.contains(['%', ';', '\\'])
            && (text == "/" || text.split('/').skip(1).all(is_name));
        if !is_plain {
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                format!(
                    "the prefix {text:?} can be read in more than one way: write plain segments, \
                     without a parameter, a step, an escape or a slash at the end"
                ),
            ));
        }
        Ok(Self { text: text.into() })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a path is the prefix or begins with it, byte for byte.
    pub(crate) fn is_over(&self, path: &str) -> bool {
        let below = path.strip_prefix(self.text.trim_end_matches('/'));
        below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    }

    /// Whether a server behind this layer could read a path as one below the prefix: a router that
    /// decodes, a proxy that resolves dot segments and merges slashes, a case-insensitive file server.
    pub(crate) fn may_hold(&self, path: &str) -> bool {
        // Most paths have one reading only.
        let is_plain = |byte: u8| {
            matches!(byte, b'/' | b'-' | b'_') || byte.is_ascii_lowercase() || byte.is_ascii_digit()
        };
        // Below `/` is every path, `*` too.
        if self.is_over(path) || &*self.text == "/" {
            return true;
        }
        if path.bytes().all(is_plain) && !path.contains("//") {
            return false;
        }
        let segments = segments_as_read(path);
        [Step::Stay, Step::Up]
            .into_iter()
            .any(|unusual| self.is_walked_through(&segments, unusual))
    }

    /// Whether a path leads through the prefix, even if it steps up again: some servers do not resolve
    /// steps. All unusual steps (`...`) are read in one way.
    fn is_walked_through(&self, segments: &[ReadSegment], unusual: Step) -> bool {
        let wanted: Vec<&str> = self
            .text
            .split('/')
            .filter(|name| !name.is_empty())
            .collect();
        let is_wanted = |names: &[&str]| {
            let mut pairs = names.iter().zip(&wanted);
            names.len() == wanted.len()
                && pairs.all(|(name, wanted)| name.eq_ignore_ascii_case(wanted))
        };
        let mut walked: Vec<&str> = Vec::new();
        segments.iter().any(|segment| {
            match segment {
                ReadSegment::Name(name) => walked.push(name),
                ReadSegment::Step(Step::Up) => drop(walked.pop()),
                ReadSegment::Unusual if matches!(unusual, Step::Up) => drop(walked.pop()),
                ReadSegment::Step(Step::Stay) | ReadSegment::Unusual => {}
            }
            is_wanted(&walked)
        })
    }
}

/// A segment as a lenient server reads it.
enum ReadSegment {
    Name(String),
    Step(Step),
    /// Only dots: some servers read it as one step, some as the other.
    Unusual,
}

#[derive(Clone, Copy)]
enum Step {
    Stay,
    Up,
}

/// The segments of a path as lenient servers read them: decoded, without the parameters of a segment,
/// the text after a question mark, control characters, and spaces and dots at the end of a name.
fn segments_as_read(path: &str) -> Vec<ReadSegment> {
    let decoded = traversal::decoded(path);
    let text = String::from_utf8_lossy(&decoded);
    let is_slash = |shown: char| matches!(shown, '/' | '\\') || traversal::is_like_a_slash(shown);
    let read = |segment: &str| {
        let name = segment.split([';', '?', '#', '\0']).next();
        let name: String = name
            .unwrap_or_default()
            .chars()
            .filter(|shown| !shown.is_ascii_control())
            .collect();
        match name.trim_matches(' ') {
            "" | "." => ReadSegment::Step(Step::Stay),
            ".." => ReadSegment::Step(Step::Up),
            dots if dots.chars().all(traversal::is_like_a_dot) => ReadSegment::Unusual,
            name => ReadSegment::Name(name.trim_end_matches([' ', '.']).to_owned()),
        }
    };
    text.split(is_slash).map(read).collect()
}

fn is_name(segment: &str) -> bool {
    segment.bytes().any(|byte| byte != b'.')
}

#[cfg(test)]
mod tests {
    use super::Prefix;

    #[test]
    fn path_that_somebody_reads_as_one_below_the_prefix_is_found_in_every_spelling() {
        let hooks = Prefix::parse("/hooks").unwrap();
        for path in [
            "/hooks",
            "/hooks/",
            "/hooks/a",
            "/hooks/../run",
            "//hooks/a",
            "/./hooks/a",
            "/HOOKS/a",
            "/%68ooks/a",
            "/%2568ooks/a",
            "/hooks%2fa",
            "/hooks\\a",
            "/hooks;x=1/a",
            "/x/../hooks/a",
            "/x/%2e%2e/hooks/a",
            "/x;y/..;z/hooks",
            "/%68ooks/%2e%2e/run",
            "/hooks%20/a",
            "/hooks./a",
            "/hooks%3fx",
            "/%u0068ooks/a",
            "/x%2f..%2fhooks%2fa",
            "/x/%e2%80%a5/hooks",
            "/.../hooks",
        ] {
            assert!(hooks.may_hold(path), "{path}");
        }
    }

    #[test]
    fn path_that_leads_elsewhere_is_left_alone() {
        let hooks = Prefix::parse("/hooks").unwrap();
        for path in [
            "/",
            "/run",
            "/hook",
            "/hooksx",
            "/hooks-x/a",
            "/x/hooks/a",
            "/%61pi/hooks",
            "/a//b",
            "/Run/a.js",
            "/x/../run",
            "*",
            "",
            "/caf%c3%a9/hooks",
        ] {
            assert!(!hooks.may_hold(path), "{path}");
        }
    }

    #[test]
    fn prefix_of_two_segments_is_found_whichever_way_steps_are_read() {
        let hooks = Prefix::parse("/api/hooks").unwrap();
        for path in [
            "/api/x/../hooks",
            "/api/.../hooks",
            "/api/x/.../hooks",
            "/api/./HOOKS",
        ] {
            assert!(hooks.may_hold(path), "{path}");
        }
        for path in ["/api", "/api/x", "/hooks", "/api/../hooks", "/API/x/hooks"] {
            assert!(!hooks.may_hold(path), "{path}");
        }
    }

    #[test]
    fn prefix_of_everything_holds_everything() {
        let all = Prefix::parse("/").unwrap();
        for path in ["/", "/run", "/%61", "*", ""] {
            assert!(all.may_hold(path), "{path}");
        }
        assert!(all.is_over("/run"));
    }

    #[test]
    fn prefix_that_can_be_read_in_two_ways_is_refused() {
        for text in [
            "",
            "hooks",
            "/hooks/",
            "//hooks",
            "/hooks/{source}",
            "/hooks/{*rest}",
            "/%68ooks",
            "/./hooks",
            "/a/../hooks",
            "/hooks?x",
            "/hooks;x",
            "/höoks",
        ] {
            assert!(Prefix::parse(text).is_err(), "{text}");
        }
    }
}
