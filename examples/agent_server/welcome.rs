//! What the server prints when it is ready.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use crate::credentials::{AUDIENCE, Caller, Credentials, PARTNER_KEY};

pub(crate) struct Welcome<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) credentials: &'a Credentials,
    pub(crate) dev_docs: bool,
}

impl fmt::Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = format!("http://{}", reachable(self.address));
        let caller = &self.credentials.caller;
        let partner_key = &self.credentials.partner_key;
        let (kind, header) = match caller {
            Caller::Demo(key) => ("key", format!("'x-api-key: {key}'")),
            Caller::Key => ("key", "\"x-api-key: $KEY\"".into()),
            Caller::Token => ("token", "\"authorization: Bearer $TOKEN\"".into()),
        };
        let task = "-H 'content-type: application/json' -d '{\"input\": \"hello\"}'";
        let event = "-d event";

        writeln!(f, "agent server on {url}, Ctrl-C stops it\n")?;
        match caller {
            Caller::Demo(key) => writeln!(f, "  API key      {key}  (made for this run)")?,
            Caller::Key => writeln!(f, "  API key      $KEY, one of those you gave")?,
            Caller::Token => writeln!(
                f,
                "  token        $TOKEN, HS256, with aud {AUDIENCE:?}, sub and exp"
            )?,
        }
        writeln!(f, "  partner key  {partner_key}  (made for this run)")?;
        let docs_note = if self.dev_docs {
            ""
        } else {
            "  (asks for a credential)"
        };
        writeln!(f, "  docs         {url}/docs{docs_note}\n")?;

        writeln!(f, "accepted:\n  curl -i '{url}/run' -H {header} {task}\n")?;
        writeln!(
            f,
            "refused, no {kind} shown:\n  curl -i '{url}/run' {task}\n"
        )?;
        writeln!(
            f,
            "accepted, the partner's webhook:\n  curl -i '{url}/hooks/partner' -H '{PARTNER_KEY}: {partner_key}' {event}"
        )
    }
}

/// "Every address" is one that a client cannot call.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => {
            address.set_ip(Ipv4Addr::LOCALHOST.into())
        }
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
            address.set_ip(Ipv6Addr::LOCALHOST.into())
        }
        _ => {}
    }
    address
}
