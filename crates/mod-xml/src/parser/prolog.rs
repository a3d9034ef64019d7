//! Before, between and behind elements: the declaration of the document, comments, processing instructions, `<!DOCTYPE`.

use super::*;

impl Parser {
    pub(super) fn start(&mut self, b: &[u8], i: usize, last: bool, sink: &mut dyn Sink) -> Res<Step> {
        let s = &b[i..];
        if s.is_empty() || (s.len() < 6 && b"<?xml ".starts_with(&s[..s.len().min(6)]) && !last) {
            return Ok(Step::More);
        }
        self.phase = Phase::Prolog;
        if s.starts_with(b"<?xml") && s.get(5).is_none_or(|c| is_space(*c) || *c == b'?') {
            return self.xml_decl(b, i, false, sink);
        }
        self.misc(b, i, last, sink)
    }
    /// `<?xml ...?>`
    pub(super) fn xml_decl(&mut self, b: &[u8], i: usize, text: bool, sink: &mut dyn Sink) -> Res<Step> {
        let wrong = if text { TEXT_DECL } else { XML_DECL };
        let Some(e) = find(b, i, b"?>") else {
            self.phase = if text { self.phase } else { Phase::Start };
            return Ok(Step::More);
        };
        let body = &b[i + 5..e];
        let Some(attrs) = pseudo_attributes(body) else {
            return self.bad(
                sink,
                b,
                i,
                if body.is_empty() { e } else { i + 5 + skip_space(body, 0) },
                wrong,
            );
        };
        let (mut version, mut enc, mut alone) = (None, None, -1i64);
        let mut stage = 0;
        for (n, v, at) in &attrs {
            match (&n[..], stage) {
                (b"version", 0) => {
                    let ok = v.starts_with(b"1.") || v == b"1.0";
                    if !ok {
                        return self.bad(sink, b, i, i + 5 + at, wrong);
                    }
                    version = Some(v.clone());
                    stage = 1;
                }
                (b"encoding", 0 | 1) if text || stage == 1 => {
                    if !v.first().is_some_and(u8::is_ascii_alphabetic) {
                        return self.bad(sink, b, i, i + 5 + at, wrong);
                    }
                    enc = Some(v.clone());
                    stage = 2;
                }
                (b"standalone", 1 | 2) if !text => {
                    alone = match &v[..] {
                        b"yes" => 1,
                        b"no" => 0,
                        _ => return self.bad(sink, b, i, i + 5 + at, wrong),
                    };
                    stage = 3;
                }
                _ => return self.bad(sink, b, i, i + 5 + at - 1, wrong),
            }
        }
        if (!text && version.is_none()) || (text && enc.is_none()) {
            return self.bad(sink, b, i, e, wrong);
        }
        if alone == 1 {
            self.dtd().standalone = true;
        }
        let raw = &b[i..e + 2];
        if sink.wants(Event::XmlDecl) {
            let args = [Arg::Opt(version.as_deref()), Arg::Opt(enc.as_deref()), Arg::Int(alone)];
            sink.call(Event::XmlDecl, &args).map_err(|_| Stop::Raised)?;
        } else {
            self.default(sink, raw)?;
        }
        Ok(Step::To(e + 2))
    }
    /// Comment or processing instruction at `i`; None: it is neither.
    pub(super) fn comment_or_pi(&mut self, b: &[u8], i: usize, sink: &mut dyn Sink) -> Res<Option<Step>> {
        let s = &b[i..];
        if s.starts_with(b"<!--") {
            let mut j = i + 4;
            let Some(e) = find(b, j, b"--") else {
                if let Some(at) = invalid_char(&b[i + 4..]) {
                    return self.bad(sink, b, i, i + 4 + at, INVALID_TOKEN);
                }
                return Ok(Some(Step::More));
            };
            if let Some(at) = invalid_char(&b[j..e]) {
                return self.bad(sink, b, i, j + at, INVALID_TOKEN);
            }
            match b.get(e + 2) {
                None => return Ok(Some(Step::More)),
                Some(b'>') => j = e,
                Some(_) => return self.bad(sink, b, i, e + 2, INVALID_TOKEN),
            }
            let text = normalize(&b[i + 4..j]);
            self.call(sink, Event::Comment, &[Arg::Text(&text)], &b[i..j + 3])?;
            return Ok(Some(Step::To(j + 3)));
        }
        if s.starts_with(b"<?") {
            let n = match name_len(&s[2..]) {
                Ok(n) => n,
                Err((_, true)) => return Ok(Some(Step::More)),
                Err((at, false)) => return self.bad(sink, b, i, i + 2 + at, INVALID_TOKEN),
            };
            let name = &s[2..2 + n];
            if n == s.len() - 2 {
                return Ok(Some(Step::More));
            }
            if name.eq_ignore_ascii_case(b"xml") {
                if name == b"xml" {
                    return err(MISPLACED_PI);
                }
                return self.bad(sink, b, i, i + 2 + n, INVALID_TOKEN);
            }
            let after = s[2 + n];
            if !is_space(after) && after != b'?' {
                return self.bad(sink, b, i, i + 2 + n, INVALID_TOKEN);
            }
            let Some(e) = find(b, i + 2 + n, b"?>") else { return Ok(Some(Step::More)) };
            if after == b'?' && e != i + 2 + n {
                return self.bad(sink, b, i, i + 3 + n, INVALID_TOKEN);
            }
            if let Some(at) = invalid_char(&b[i..e]) {
                return self.bad(sink, b, i, i + at, INVALID_TOKEN);
            }
            let d = skip_space(&b[..e], i + 2 + n);
            let data = normalize(&b[d.min(e)..e]);
            let name = name.to_vec();
            self.call(
                sink,
                Event::ProcessingInstruction,
                &[Arg::Name(&name), Arg::Text(&data)],
                &b[i..e + 2],
            )?;
            return Ok(Some(Step::To(e + 2)));
        }
        Ok(None)
    }
    /// Prolog and epilog.
    pub(super) fn misc(&mut self, b: &[u8], i: usize, last: bool, sink: &mut dyn Sink) -> Res<Step> {
        let s = &b[i..];
        if s.is_empty() {
            return Ok(Step::To(i));
        }
        let prolog = self.phase == Phase::Prolog;
        if is_space(s[0]) {
            let j = skip_space(b, i);
            self.default(sink, &b[i..j])?;
            return Ok(Step::To(j));
        }
        if s[0] != b'<' {
            return match next_char(s) {
                Err(true) if !last => Ok(Step::More),
                Err(_) => err(INVALID_TOKEN),
                Ok(_) => err(if prolog { SYNTAX } else { JUNK }),
            };
        }
        if s.len() < 2 || (s.len() < 4 && s.starts_with(b"<!-")) {
            return Ok(Step::More);
        }
        if let Some(r) = self.comment_or_pi(b, i, sink)? {
            return Ok(r);
        }
        if s[1] == b'!' {
            if s.len() < 9 && b"<!DOCTYPE".starts_with(s) {
                return Ok(Step::More);
            }
            if s.starts_with(b"<!DOCTYPE") {
                if !prolog {
                    return err(JUNK);
                }
                if self.seen_doctype {
                    return err(SYNTAX);
                }
                return self.doctype(b, i, sink);
            }
            if s.starts_with(b"<![") {
                return err(SYNTAX);
            }
            return self.bad(sink, b, i, i + 2, INVALID_TOKEN);
        }
        if !prolog {
            return match next_char(&s[1..]) {
                Ok((c, _)) if is_name_start(c) => err(JUNK),
                _ => self.bad(sink, b, i, i + 1, INVALID_TOKEN),
            };
        }
        if s[1] == b'/' {
            return self.bad(sink, b, i, i + 1, INVALID_TOKEN);
        }
        if let Some((system, public)) = self.doctype_system.take() {
            self.external_subset(system, public, sink)?;
        } else if self.foreign_dtd && !self.seen_doctype {
            self.external_subset(None, None, sink)?;
        }
        self.phase = Phase::Content;
        self.content(b, i, last, sink)
    }

    // -- document type

    pub(super) fn doctype(&mut self, b: &[u8], i: usize, sink: &mut dyn Sink) -> Res<Step> {
        // Up to `[` or `>` outside of quotes.
        let mut j = i + 9;
        let mut quote = 0u8;
        let end = loop {
            let Some(&c) = b.get(j) else { return Ok(Step::More) };
            match c {
                _ if quote != 0 => {
                    if c == quote {
                        quote = 0
                    }
                }
                b'"' | b'\'' => quote = c,
                b'[' | b'>' => break j,
                b'<' => return self.bad(sink, b, i, j, INVALID_TOKEN),
                _ => {}
            }
            j += 1;
        };
        let s = &b[i + 9..end];
        let at = skip_space(s, 0);
        if at == 0 {
            return self.bad(sink, b, i, i + 9, INVALID_TOKEN);
        }
        let n = match name_len(&b[i + 9 + at..]) {
            Ok(n) => n,
            Err((k, _)) => return self.bad(sink, b, i, i + 9 + at + k, SYNTAX),
        };
        let name = s[at..at + n].to_vec();
        let mut d = Decl { s, at: at + n };
        let (public, system) = match d.external_id(true) {
            Ok(x) => x,
            Err((k, c)) => return self.bad(sink, b, i, i + 9 + k, c),
        };
        d.space();
        if d.at != s.len() {
            return self.bad(sink, b, i, i + 9 + d.at, SYNTAX);
        }
        self.seen_doctype = true;
        let internal = b[end] == b'[';
        let has_ext = system.is_some();
        let args = [
            Arg::Name(&name),
            Arg::Opt(system.as_deref()),
            Arg::Opt(public.as_deref()),
            Arg::Int(internal as i64),
        ];
        if has_ext && self.param_parsing == 0 {
            self.not_standalone(sink)?;
        }
        if sink.wants(Event::StartDoctypeDecl) {
            sink.call(Event::StartDoctypeDecl, &args).map_err(|_| Stop::Raised)?;
        } else {
            // Token by token.
            let stop = if internal { end + 1 } else { end };
            for t in tokens(&b[i..stop]) {
                self.default(sink, t)?;
            }
        }
        if has_ext {
            self.dtd().has_pe_refs = true;
        }
        self.doctype_system = if has_ext || self.foreign_dtd { Some((system, public)) } else { None };
        if internal {
            self.phase = Phase::Subset;
            return Ok(Step::To(end + 1));
        }
        self.end_doctype(&b[end..end + 1], sink)?;
        Ok(Step::To(end + 1))
    }
    pub(super) fn end_doctype(&mut self, raw: &[u8], sink: &mut dyn Sink) -> Res<()> {
        self.phase = Phase::Prolog;
        if let Some((system, public)) = self.doctype_system.take() {
            self.external_subset(system, public, sink)?;
        }
        self.call(sink, Event::EndDoctypeDecl, &[], raw)?;
        Ok(())
    }
    pub(super) fn external_subset(
        &mut self,
        system: Option<Vec<u8>>,
        public: Option<Vec<u8>>,
        sink: &mut dyn Sink,
    ) -> Res<()> {
        self.dtd().has_pe_refs = true;
        let standalone = self.dtd().standalone;
        let read = self.param_parsing == 2 || (self.param_parsing == 1 && !standalone);
        if read && sink.wants(Event::ExternalEntityRef) {
            let base = self.base.clone();
            let args = [
                Arg::None,
                Arg::Opt(base.as_deref()),
                Arg::Opt(system.as_deref()),
                Arg::Opt(public.as_deref()),
            ];
            if sink.call(Event::ExternalEntityRef, &args).map_err(|_| Stop::Raised)? == 0 {
                return err(EXTERNAL_HANDLING);
            }
        } else if system.is_some() && !standalone {
            self.dtd().keep = standalone;
        }
        if read { self.not_standalone(sink) } else { Ok(()) }
    }
    pub(super) fn not_standalone(&mut self, sink: &mut dyn Sink) -> Res<()> {
        let standalone = self.dtd().standalone;
        if !standalone
            && sink.wants(Event::NotStandalone)
            && sink.call(Event::NotStandalone, &[]).map_err(|_| Stop::Raised)? == 0
        {
            return err(NOT_STANDALONE);
        }
        Ok(())
    }
}
