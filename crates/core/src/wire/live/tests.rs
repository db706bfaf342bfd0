mod outputs;
mod prompts;
mod properties;
mod upstreams;

use super::*;
use crate::action::ActionType;
