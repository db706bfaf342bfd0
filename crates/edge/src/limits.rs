//! How often one address may call the API: generous, for a loop that got out of hand.
//!
//! The platform counts (binding `RATE_LIMIT` of wrangler.toml); a deployment without the binding
//! does not limit. A socket counts once, however much is said over it.

use crate::error::Fault;
use worker::{Env, Request, console_error};

/// Binding of the platform's counter.
const RATE_LIMIT: &str = "RATE_LIMIT";
/// Requests of one address in a [`PERIOD`]; wrangler.toml says the same.
pub(crate) const LIMIT: u32 = 20_000;
/// Seconds; wrangler.toml says the same.
pub(crate) const PERIOD: u32 = 10;

/// Counts the request; an error where its address has called too often.
pub(crate) async fn check(request: &Request, env: &Env) -> Result<(), Fault> {
    let Ok(counter) = env.rate_limiter(RATE_LIMIT) else { return Ok(()) };
    // The platform's own header, which a caller cannot set.
    let Some(address) = request.headers().get("cf-connecting-ip")? else { return Ok(()) };
    match counter.limit(address).await {
        Ok(outcome) if !outcome.success => Err(Fault::TooOften),
        Ok(_) => Ok(()),
        Err(error) => {
            // Better unlimited than unavailable.
            console_error!("requests are not counted: {error}");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_says_the_same() {
        let configuration = include_str!("../../../wrangler.toml");
        let line = format!("simple = {{ limit = {LIMIT}, period = {PERIOD} }}");
        assert!(configuration.contains(&line), "wrangler.toml has no `{line}`");
        assert!(configuration.contains(&format!("name = \"{RATE_LIMIT}\"")));
    }
}
