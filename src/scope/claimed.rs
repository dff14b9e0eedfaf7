//! The scopes that a token claims.

use super::Scopes;

impl Scopes {
    /// The scopes that a token claims: `*` grants nothing special.
    pub(crate) fn claimed(tokens: &str) -> Self {
        Self {
            tokens: (!tokens.is_empty()).then(|| tokens.into()),
            all: false,
        }
    }

    /// Those of a token's scopes that a limit lets it grant. A member of the limit is compared whole;
    /// one that ends in `:*` stands for all that begin so, and `*` for everything.
    pub(crate) fn within(self, limit: &[Box<str>]) -> Self {
        let covers = |member: &str, scope: &str| match member.strip_suffix('*') {
            Some("") => true,
            Some(start) if start.ends_with(':') => scope.starts_with(start),
            _ => member == scope,
        };
        let is_granted = |scope: &&str| limit.iter().any(|member| covers(member, scope));
        if self.iter().all(|scope| is_granted(&scope)) {
            return self;
        }
        let granted: Vec<&str> = self.iter().filter(is_granted).collect();
        Self::claimed(&granted.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_from_a_token_grants_nothing_special() {
        let scopes = Scopes::claimed("* read");
        assert!(!scopes.is_all());
        assert!(!scopes.contains("write"));
        assert!(scopes.contains("read") && !scopes.contains("*"));
    }
}
