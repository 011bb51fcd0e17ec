//! The fields of a config, one by one.

use latebind::Config;

/// A field of [`Config`].
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) show: fn(&Config) -> String,
    pub(crate) is_same: fn(&Config, &Config) -> bool,
    /// Takes the field of the other one.
    pub(crate) take: fn(&mut Config, &Config),
}

macro_rules! fields {
    ($($field:ident)*) => {
        /// All of them.
        pub(crate) const FIELDS: &[Field] = &[$(Field {
            name: stringify!($field),
            show: |config| format!("{:?}", config.$field),
            is_same: |one, other| one.$field == other.$field,
            take: |config, other| config.$field = other.$field,
        }),*];
    };
}

fields! {
    binding surplus idle_order dial_failure
    max_connections max_connections_per_key max_dials max_dials_per_key
    max_idle max_idle_per_key max_waiters max_waiters_per_key
    request_timeout dial_timeout check_timeout check_after_idle
    backup_dial_after dial_delay lease_warn_after idle_timeout unused_idle_timeout
    max_lifetime lifetime_jitter max_uses start_paused seed
}

#[cfg(test)]
mod tests {
    use latebind::Config;

    use super::FIELDS;

    #[test]
    fn no_field_is_forgotten() {
        let shown = format!("{:?}", Config::default());
        let names: Vec<_> = shown.split([' ', '{', ',']).filter_map(|word| word.strip_suffix(':')).collect();
        assert_eq!(names, FIELDS.iter().map(|field| field.name).collect::<Vec<_>>());
    }
}
