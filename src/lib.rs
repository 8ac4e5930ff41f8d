//! Strongroom: browser authentication whose tokens the page cannot read.

mod error;
mod json;
mod protocol;
mod secret;
mod wire;
