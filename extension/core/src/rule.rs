//! Which commission rule applies: the affiliate's own, else the product's, else the project's default.

/// A percentage and a fixed amount per line; either may be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Parts per million of the line's base.
    pub rate_ppm: i64,
    /// Minor units of the project's currency added to each line.
    pub fixed_minor: i64,
}

/// Where the chosen rule comes from; the numbers are stamped on conversions and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleSource {
    /// The affiliate's override.
    Affiliate = 1,
    /// The product's rule.
    Product = 2,
    /// The project's default.
    Project = 3,
}

/// The most specific rule that is defined, and where it came from.
#[must_use]
pub fn choose_rule(
    affiliate: Option<Rule>,
    product: Option<Rule>,
    project: Option<Rule>,
) -> Option<(RuleSource, Rule)> {
    let sourced = |source| move |rule| (source, rule);
    affiliate
        .map(sourced(RuleSource::Affiliate))
        .or_else(|| product.map(sourced(RuleSource::Product)))
        .or_else(|| project.map(sourced(RuleSource::Project)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn rule(rate_ppm: i64) -> Option<Rule> {
        Some(Rule {
            rate_ppm,
            fixed_minor: 7,
        })
    }

    #[test]
    fn the_most_specific_rule_wins() {
        let chosen =
            |a, b, c| choose_rule(a, b, c).map(|(source, rule)| (source as i64, rule.rate_ppm));
        assert_eq!(chosen(rule(1), rule(2), rule(3)), Some((1, 1)));
        assert_eq!(chosen(None, rule(2), rule(3)), Some((2, 2)));
        assert_eq!(chosen(None, None, rule(3)), Some((3, 3)));
        assert_eq!(chosen(rule(1), None, None), Some((1, 1)));
        assert_eq!(chosen(None, None, None), None);
    }

    #[test]
    fn a_rule_of_zero_is_still_a_rule() {
        let zero = Some(Rule {
            rate_ppm: 0,
            fixed_minor: 0,
        });
        assert_eq!(
            choose_rule(zero, rule(2), rule(3)).map(|(source, _)| source),
            Some(RuleSource::Affiliate)
        );
    }
}
