//! The committed run as the page shows it: its files read, its tables and pictures made.

pub mod confusion;
pub mod curves;
pub mod detection;
pub mod glance;
pub mod node;
pub mod reliability;
pub mod report;
pub mod run;
pub mod stress;
#[cfg(test)]
mod tests;
