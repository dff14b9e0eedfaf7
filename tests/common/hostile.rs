//! Members of a token's header that would cost a careless reader more than their length.

/// Each shape with its name, about 48,000 bytes long.
pub(crate) fn shapes() -> [(&'static str, String); 8] {
    const LENGTH: usize = 48_000;
    let names = |name: &dyn Fn(usize) -> String| {
        let members: Vec<String> = (0..254).map(|n| format!("\"{}\":0", name(n))).collect();
        members.join(",")
    };
    let long = "\\u0061".repeat(30);
    [
        (
            "escapes",
            format!("\"x\":\"{}\"", "\\u0061".repeat(LENGTH / 6)),
        ),
        (
            "numbers",
            format!("\"x\":[{}0]", "0,".repeat(LENGTH / 2 - 2)),
        ),
        ("digits", format!("\"x\":{}", "9".repeat(LENGTH))),
        ("fraction", format!("\"x\":0.{}", "9".repeat(LENGTH))),
        ("exponent", format!("\"x\":1e{}", "9".repeat(LENGTH))),
        ("backslashes", format!("\"x\":\"{}\"", "\\".repeat(LENGTH))),
        ("escaped_names", names(&|n| format!("{long}{n:03}"))),
        ("long_names", names(&|n| format!("{n:0180}"))),
    ]
}
