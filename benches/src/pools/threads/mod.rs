//! The scenarios on threads, as those for async code.

mod contended;
mod get_and_drop;
mod hand_over;
mod outcomes;

pub(super) use contended::{Contended, FIGURES as CONTENDED};
pub(super) use get_and_drop::GetAndDrop;
pub(super) use hand_over::{FIGURES as HAND_OVER, HandOver};
pub(super) use outcomes::{FIGURES as OUTCOMES, Outcomes};
