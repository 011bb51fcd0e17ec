//! The state of one connection, and what a step did with it: for tables like those of `docs/STATES.md`.

use latebind::ConnId;

use super::{Rig, Told};

impl Rig {
    /// The state of the connection, in the words of `docs/STATES.md`.
    pub fn state_of(&self, id: ConnId) -> String {
        match self.model().conns().find(|conn| conn.id == id) {
            Some(conn) => format!("{:?}", conn.state).to_lowercase(),
            None if self.witness.conns_ever().contains(&id) => "ended".to_owned(),
            None => "never issued".to_owned(),
        }
    }
}

impl Told<'_> {
    /// Whether the event was refused as misuse (R24).
    pub fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// What is done with the connection of that name, in the words of `docs/STATES.md`, and whether a dial starts.
    pub fn deeds(&self, name: &str) -> Vec<&'static str> {
        let deed = |words: &String| {
            let words: Vec<&str> = words.split([' ', ':']).collect();
            let named = words.contains(&name);
            match words[0] {
                "dial" => Some("dial"),
                _ if !named => None,
                _ if words.contains(&"gets") => Some("deliver"),
                "park" => Some("park"),
                "close" => Some("close"),
                "stop" => Some("stop"),
                "overdue" => Some("overdue"),
                _ => Some("?"),
            }
        };
        self.got.iter().filter_map(deed).collect()
    }
}
