//! Where a server is.

use hyper::Uri;
use std::fmt;
use std::str::FromStr;

/// The address of a server, without the path of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// As the resolver takes it: no brackets around an IPv6 address.
    host: String,
    port: u16,
    /// As a `Host` header has it.
    authority: String,
    /// Path that the server lives under, without a slash at its end.
    base: String,
}

impl Address {
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// For the resolver.
    pub(super) fn socket(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// The path of an endpoint.
    pub(super) fn path(&self, endpoint: &str) -> String {
        format!("{}{endpoint}", self.base)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.base)
    }
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AddressError {
    /// No URL, or one without a host.
    NoUrl,
    /// Encrypted.
    Tls { scheme: String },
    /// Neither HTTP nor WebSocket.
    Scheme { scheme: String },
    /// A name or password in it.
    Credentials,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoUrl => write!(f, "it is no URL such as http://127.0.0.1:8787"),
            Self::Tls { scheme } => write!(
                f,
                "{scheme} needs TLS, which this program does not speak: measure the server where \
                 it listens without, or through a local proxy that adds it"
            ),
            Self::Scheme { scheme } => write!(f, "the scheme {scheme} is neither http nor ws"),
            Self::Credentials => {
                write!(f, "it holds credentials, which are not sent: take them out")
            }
        }
    }
}

impl std::error::Error for AddressError {}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let uri: Uri = text.parse().map_err(|_| AddressError::NoUrl)?;
        match uri.scheme_str() {
            Some("http" | "ws") => {}
            Some(scheme @ ("https" | "wss")) => {
                return Err(AddressError::Tls { scheme: scheme.into() });
            }
            Some(scheme) => return Err(AddressError::Scheme { scheme: scheme.into() }),
            None => return Err(AddressError::NoUrl),
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(AddressError::Credentials);
        }
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(AddressError::NoUrl)?;
        let port = uri.port_u16().unwrap_or(80);
        let base = uri.path().trim_end_matches('/');
        Ok(Self {
            host: host.trim_matches(['[', ']']).into(),
            port,
            authority: format!("{host}:{port}"),
            base: base.strip_suffix("/ws").unwrap_or(base).into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn read(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_is_read_with_and_without_port_path_and_endpoint() {
        assert_eq!(read("http://localhost:8787").path("/ws"), "/ws");
        assert_eq!(read("ws://localhost:8787/ws"), read("http://localhost:8787/"));
        assert_eq!(read("http://host/env/").path("/step"), "/env/step");
        assert_eq!(read("http://host").socket(), ("host", 80));
        let v6 = read("http://[::1]:9");
        assert_eq!((v6.socket(), v6.authority()), (("::1", 9), "[::1]:9"));
        assert_eq!(v6.to_string(), "http://[::1]:9");
    }

    #[test]
    fn what_cannot_be_reached_is_refused_with_its_reason() {
        let error = |text: &str| text.parse::<Address>().unwrap_err();
        assert_eq!(error("wss://x"), AddressError::Tls { scheme: "wss".into() });
        assert_eq!(error("ftp://x"), AddressError::Scheme { scheme: "ftp".into() });
        assert_eq!(error("http://name:word@x"), AddressError::Credentials);
        for text in ["", "localhost:8787", "/ws", "127.0.0.1"] {
            assert!(matches!(error(text), AddressError::NoUrl | AddressError::Scheme { .. }));
        }
    }
}
