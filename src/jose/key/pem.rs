//! The one PEM block of a public key (RFC 7468).

use base64::{Engine, engine::general_purpose::STANDARD};

use super::KeyFault;

/// The DER inside the one block of the text, if its label is that of a public key.
///
/// Text before and after the block is ignored, as RFC 7468 §5.2 allows.
pub(crate) fn decode(pem: &str) -> Result<Vec<u8>, KeyFault> {
    let (_, rest) = pem.split_once(BEGIN).ok_or(KeyFault::BadPem)?;
    if pem.contains("-----\\n") {
        return Err(KeyFault::EscapedPem);
    }
    let (label, rest) = rest.split_once("-----").ok_or(KeyFault::BadPem)?;
    // The label decides before anything is decoded: a private key is not read.
    match label {
        "PUBLIC KEY" | "RSA PUBLIC KEY" => {}
        "CERTIFICATE" | "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => {
            return Err(KeyFault::Certificate);
        }
        // `openssl ecparam -genkey` writes the parameters before the private key.
        "EC PARAMETERS" => return Err(KeyFault::Private),
        label if label.ends_with("PRIVATE KEY") => return Err(KeyFault::Private),
        _ => return Err(KeyFault::BadPem),
    }
    let (body, rest) = rest.split_once("-----END ").ok_or(KeyFault::BadPem)?;
    let rest = rest.strip_prefix(label).ok_or(KeyFault::BadPem)?;
    let rest = rest.strip_prefix("-----").ok_or(KeyFault::BadPem)?;
    if rest.contains(BEGIN) {
        return Err(KeyFault::SeveralPem);
    }
    let body: Vec<u8> = body
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    STANDARD.decode(body).map_err(|_| KeyFault::BadPem)
}

const BEGIN: &str = "-----BEGIN ";
