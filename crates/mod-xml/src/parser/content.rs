//! The content of elements: tags, attributes, namespaces, text, references.

use super::*;

impl Parser {
    /// A run of text, by lines.
    pub(super) fn characters(&mut self, b: &[u8], i: usize, end: usize, sink: &mut dyn Sink) -> Res<()> {
        if !sink.wants(Event::CharacterData) {
            return self.default(sink, &b[i..end]);
        }
        let mut from = i;
        let mut base = i;
        let mut k = i;
        while k < end {
            if b[k] == b'\n' || b[k] == b'\r' {
                if k > from {
                    sink.text(&b[from..k]).map_err(|_| Stop::Raised)?;
                }
                let w = if b[k] == b'\r' && b.get(k + 1) == Some(&b'\n') && k + 1 < end { 2 } else { 1 };
                self.place(sink, b, i, k);
                sink.text(b"\n").map_err(|_| Stop::Raised)?;
                k += w;
                from = k;
                base = k;
                if k < end {
                    self.place(sink, b, i, k);
                }
            } else {
                k += 1;
            }
        }
        let _ = base;
        if end > from {
            sink.text(&b[from..end]).map_err(|_| Stop::Raised)?;
        }
        Ok(())
    }
    pub(super) fn content(&mut self, b: &[u8], i: usize, last: bool, sink: &mut dyn Sink) -> Res<Step> {
        let s = &b[i..];
        if s.is_empty() {
            return Ok(Step::To(i));
        }
        if self.external
            && self.in_entity == 0
            && i == 0
            && self.byte == 0
            && s.starts_with(b"<?xml")
            && s.get(5).is_none_or(|c| is_space(*c))
        {
            return self.xml_decl(b, i, true, sink);
        }
        match s[0] {
            b'<' => {}
            b'&' => return self.reference(b, i, sink),
            _ => {
                // Text up to markup.
                let mut k = 0;
                loop {
                    k = skip(s, k, TEXT);
                    let Some(&c) = s.get(k) else { break };
                    if c == b'<' || c == b'&' {
                        break;
                    }
                    if c == b']' {
                        if s[k..].starts_with(b"]]>") {
                            if k > 0 {
                                break;
                            }
                            return self.bad(sink, b, i, i + 2, INVALID_TOKEN);
                        }
                        if !last && k + 3 > s.len() && s[k..].iter().all(|c| *c == b']') {
                            break;
                        }
                    }
                    if c == b']' {
                        k += 1;
                        continue;
                    }
                    if c == b'\r' && k + 1 == s.len() && !last {
                        break;
                    }
                    match next_char(&s[k..]) {
                        Ok((_, n)) => k += n,
                        Err(true) if !last => break,
                        Err(true) => break,
                        Err(false) => {
                            if k > 0 {
                                break;
                            }
                            return self.bad(sink, b, i, i + k, INVALID_TOKEN);
                        }
                    }
                }
                if k == 0 {
                    return Ok(Step::More);
                }
                self.characters(b, i, i + k, sink)?;
                return Ok(Step::To(i + k));
            }
        }
        if s.len() < 2 {
            return Ok(Step::More);
        }
        match s[1] {
            b'/' => return self.end_tag(b, i, sink),
            b'?' => {
                return match self.comment_or_pi(b, i, sink)? {
                    Some(r) => Ok(r),
                    None => Ok(Step::More),
                };
            }
            b'!' => {
                if s.starts_with(b"<!--") {
                    return Ok(self.comment_or_pi(b, i, sink)?.unwrap_or(Step::More));
                }
                if s.starts_with(b"<![CDATA[") {
                    self.phase = Phase::Cdata;
                    self.call(sink, Event::StartCdataSection, &[], &s[..9])?;
                    return Ok(Step::To(i + 9));
                }
                if s.len() < 9 && (b"<![CDATA[".starts_with(s) || b"<!--".starts_with(s)) {
                    return Ok(Step::More);
                }
                let k = if s.get(2) == Some(&b'-') {
                    3
                } else if s.get(2) == Some(&b'[') {
                    3
                } else {
                    2
                };
                return self.bad(sink, b, i, i + k, INVALID_TOKEN);
            }
            _ => {}
        }
        self.start_tag(b, i, sink)
    }
    pub(super) fn cdata(&mut self, b: &[u8], i: usize, last: bool, sink: &mut dyn Sink) -> Res<Step> {
        let s = &b[i..];
        if s.starts_with(b"]]>") {
            self.phase = Phase::Content;
            self.call(sink, Event::EndCdataSection, &[], &s[..3])?;
            return Ok(Step::To(i + 3));
        }
        let mut k = 0;
        while k < s.len() {
            if s[k] == b']' {
                if s[k..].starts_with(b"]]>") || (k + 3 > s.len() && s[k..].iter().all(|c| *c == b']')) {
                    break;
                }
                k += 1;
                continue;
            }
            if s[k] == b'\r' && k + 1 == s.len() && !last {
                break;
            }
            match next_char(&s[k..]) {
                Ok((_, n)) => k += n,
                Err(true) => break,
                Err(false) => {
                    if k > 0 {
                        break;
                    }
                    return err(INVALID_TOKEN);
                }
            }
        }
        if k == 0 {
            return Ok(Step::More);
        }
        self.characters(b, i, i + k, sink)?;
        Ok(Step::To(i + k))
    }
    pub(super) fn reference(&mut self, b: &[u8], i: usize, sink: &mut dyn Sink) -> Res<Step> {
        let s = &b[i..];
        if s.len() < 2 {
            return Ok(Step::More);
        }
        if s[1] == b'#' {
            let end = s.iter().position(|c| *c == b';');
            return match char_ref(s) {
                Ok((c, n)) => {
                    let t = c.to_string();
                    if sink.wants(Event::CharacterData) {
                        sink.text(t.as_bytes()).map_err(|_| Stop::Raised)?;
                    } else {
                        self.default(sink, &s[..n])?;
                    }
                    Ok(Step::To(i + n))
                }
                Err(Some(c)) => {
                    let _ = end;
                    err(c)
                }
                Err(None) => {
                    let k = 2 + s[2..].iter().position(|c| !c.is_ascii_alphanumeric()).unwrap_or(s.len() - 2);
                    if k >= s.len() { Ok(Step::More) } else { self.bad(sink, b, i, i + k, INVALID_TOKEN) }
                }
            };
        }
        let n = match name_len(&s[1..]) {
            Ok(n) => n,
            Err((_, true)) => return Ok(Step::More),
            Err((_, false)) => return self.bad(sink, b, i, i + 1, INVALID_TOKEN),
        };
        match s.get(1 + n) {
            None => return Ok(Step::More),
            Some(b';') => {}
            Some(_) => return self.bad(sink, b, i, i + 1 + n, INVALID_TOKEN),
        }
        let name = s[1..1 + n].to_vec();
        let raw = s[..n + 2].to_vec();
        let next = Step::To(i + n + 2);
        if let Some(c) = predefined(&name) {
            if sink.wants(Event::CharacterData) {
                sink.text(&[c]).map_err(|_| Stop::Raised)?;
            } else {
                self.default(sink, &raw)?;
            }
            return Ok(next);
        }
        let (e, strict) = {
            let d = self.dtd();
            (d.general.get(&name).cloned(), !d.has_pe_refs || d.standalone)
        };
        let Some(e) = e else {
            if strict {
                return err(UNDEFINED_ENTITY);
            }
            if sink.wants(Event::SkippedEntity) {
                sink.call(Event::SkippedEntity, &[Arg::Name(&name), Arg::Int(0)])
                    .map_err(|_| Stop::Raised)?;
            } else {
                self.default(sink, &raw)?;
            }
            return Ok(next);
        };
        if e.open {
            return err(RECURSIVE_ENTITY);
        }
        if e.notation.is_some() {
            return err(BINARY_ENTITY);
        }
        if let Some(v) = &e.value {
            // With a plain default handler internal entities are not expanded.
            if sink.wants(Event::Default) {
                if sink.wants(Event::SkippedEntity) {
                    sink.call(Event::SkippedEntity, &[Arg::Name(&name), Arg::Int(0)])
                        .map_err(|_| Stop::Raised)?;
                } else {
                    self.default(sink, &raw)?;
                }
                return Ok(next);
            }
            self.open_entity(&name, false, true);
            let r = self.entity_text(v, Phase::Content, sink);
            self.open_entity(&name, false, false);
            r?;
            return Ok(next);
        }
        if sink.wants(Event::ExternalEntityRef) {
            let context = self.context(&name);
            let base = self.base.clone();
            let args = [
                Arg::Text(&context),
                Arg::Opt(base.as_deref()),
                Arg::Opt(e.system.as_deref()),
                Arg::Opt(e.public.as_deref()),
            ];
            self.open_entity(&name, false, true);
            let r = sink.call(Event::ExternalEntityRef, &args);
            self.open_entity(&name, false, false);
            if r.map_err(|_| Stop::Raised)? == 0 {
                return err(EXTERNAL_HANDLING);
            }
        } else {
            self.default(sink, &raw)?;
        }
        Ok(next)
    }
    /// What an external entity parser is told: namespace bindings and open entities.
    pub(super) fn context(&self, name: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        if self.ns.is_some() {
            for (p, u) in &self.bindings {
                if let Some(u) = u {
                    if !out.is_empty() {
                        out.push(b'\x0c');
                    }
                    out.extend_from_slice(p);
                    out.push(b'=');
                    out.extend_from_slice(u);
                }
            }
        }
        if !out.is_empty() {
            out.push(b'\x0c');
        }
        out.extend_from_slice(name);
        out
    }
    /// Resolves references and normalises whitespace.
    pub(super) fn attribute_value(&mut self, v: &[u8], out: &mut Vec<u8>, depth: u32) -> Res<()> {
        let mut i = 0;
        while i < v.len() {
            match v[i] {
                b'&' if v.get(i + 1) == Some(&b'#') => match char_ref(&v[i..]) {
                    Ok((c, n)) => {
                        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                        i += n;
                    }
                    Err(e) => return err(e.unwrap_or(INVALID_TOKEN)),
                },
                b'&' => {
                    let Ok(n) = name_len(&v[i + 1..]) else { return err(INVALID_TOKEN) };
                    if v.get(i + 1 + n) != Some(&b';') {
                        return err(INVALID_TOKEN);
                    }
                    let name = v[i + 1..i + 1 + n].to_vec();
                    i += n + 2;
                    if let Some(c) = predefined(&name) {
                        out.push(c);
                        continue;
                    }
                    let (e, strict) = {
                        let d = self.dtd();
                        (d.general.get(&name).cloned(), !d.has_pe_refs || d.standalone)
                    };
                    let Some(e) = e else {
                        if strict {
                            return err(UNDEFINED_ENTITY);
                        }
                        continue;
                    };
                    if e.open || depth > 200 {
                        return err(RECURSIVE_ENTITY);
                    }
                    if e.notation.is_some() {
                        return err(BINARY_ENTITY);
                    }
                    let Some(t) = e.value else { return err(ATTRIBUTE_EXTERNAL) };
                    if t.contains(&b'<') {
                        return err(INVALID_TOKEN);
                    }
                    self.indirect += t.len() as u64;
                    let total = self.direct + self.indirect;
                    if total > self.amp_threshold && total as f64 > self.max_amp * self.direct as f64 {
                        return err(AMPLIFICATION);
                    }
                    self.open_entity(&name, false, true);
                    let r = self.attribute_value(&t, out, depth + 1);
                    self.open_entity(&name, false, false);
                    r?;
                }
                b'\r' => {
                    out.push(b' ');
                    i += if v.get(i + 1) == Some(&b'\n') { 2 } else { 1 };
                }
                b'\n' | b'\t' => {
                    out.push(b' ');
                    i += 1;
                }
                c => {
                    out.push(c);
                    i += 1;
                }
            }
        }
        Ok(())
    }

    pub(super) fn start_tag(&mut self, b: &[u8], i: usize, sink: &mut dyn Sink) -> Res<Step> {
        let s = &b[i..];
        let n = match name_len(&s[1..]) {
            Ok(n) => n,
            Err((_, true)) => return Ok(Step::More),
            Err((k, false)) => return self.bad(sink, b, i, i + 1 + k, INVALID_TOKEN),
        };
        if self.ns.is_some() && s[1..1 + n].iter().filter(|c| **c == b':').count() > 1 {
            let first = s[1..1 + n].iter().position(|c| *c == b':').unwrap();
            let second = s[1..1 + n].iter().skip(first + 1).position(|c| *c == b':').unwrap();
            return self.bad(sink, b, i, i + 1 + first + 1 + second, INVALID_TOKEN);
        }
        // Name and value ranges.
        let mut attrs: Vec<(usize, usize, usize, usize)> = Vec::new();
        let mut k = 1 + n;
        let empty;
        loop {
            let j = skip_space(s, k);
            match s.get(j) {
                None => return Ok(Step::More),
                Some(b'>') => {
                    empty = false;
                    k = j + 1;
                    break;
                }
                Some(b'/') => match s.get(j + 1) {
                    None => return Ok(Step::More),
                    Some(b'>') => {
                        empty = true;
                        k = j + 2;
                        break;
                    }
                    Some(_) => return self.bad(sink, b, i, i + j + 1, INVALID_TOKEN),
                },
                Some(_) if j == k => return self.bad(sink, b, i, i + j, INVALID_TOKEN),
                Some(_) => {}
            }
            let m = match name_len(&s[j..]) {
                Ok(m) => m,
                Err((_, true)) => return Ok(Step::More),
                Err((x, false)) => return self.bad(sink, b, i, i + j + x, INVALID_TOKEN),
            };
            let eq = skip_space(s, j + m);
            match s.get(eq) {
                None => return Ok(Step::More),
                Some(b'=') => {}
                Some(_) => return self.bad(sink, b, i, i + eq, INVALID_TOKEN),
            }
            let q = skip_space(s, eq + 1);
            let quote = match s.get(q) {
                None => return Ok(Step::More),
                Some(c @ (b'"' | b'\'')) => *c,
                Some(_) => return self.bad(sink, b, i, i + q, INVALID_TOKEN),
            };
            let mut e = q + 1;
            loop {
                e = skip(s, e, VALUE);
                match s.get(e) {
                    None => return Ok(Step::More),
                    Some(c) if *c == quote => break,
                    Some(b'<') => return self.bad(sink, b, i, i + e, INVALID_TOKEN),
                    Some(b'&') => {
                        // References must be whole.
                        let mut x = e + 1;
                        if s.get(x) == Some(&b'#') {
                            x += 1;
                        }
                        while s
                            .get(x)
                            .is_some_and(|c| c.is_ascii_alphanumeric() || *c >= 0x80 || b"_:.-".contains(c))
                        {
                            x += 1;
                        }
                        match s.get(x) {
                            None => return Ok(Step::More),
                            Some(b';') if x > e + 1 => e = x + 1,
                            Some(_) => return self.bad(sink, b, i, i + x, INVALID_TOKEN),
                        }
                    }
                    Some(c) if (0x20..0x80).contains(c) => e += 1,
                    Some(_) => match next_char(&s[e..]) {
                        Ok((_, w)) => e += w,
                        Err(true) => return Ok(Step::More),
                        Err(false) => return self.bad(sink, b, i, i + e, INVALID_TOKEN),
                    },
                }
            }
            attrs.push((j, j + m, q + 1, e));
            k = e + 1;
        }
        let raw_name = &s[1..1 + n];
        let defs = {
            let d = self.dtd();
            if d.attlists.is_empty() { None } else { d.attlists.get(raw_name).cloned() }
        };
        let mut list: Attrs = Vec::with_capacity(attrs.len());
        for (x, (a, z, v, e)) in attrs.iter().enumerate() {
            let name = &s[*a..*z];
            if attrs[..x].iter().any(|(a2, z2, _, _)| &s[*a2..*z2] == name) {
                return self.bad(sink, b, i, i + a, DUPLICATE_ATTRIBUTE);
            }
            let val = &s[*v..*e];
            let simple = !val.iter().any(|c| matches!(c, b'&' | b'\n' | b'\r' | b'\t'));
            let mut out = Cow::Borrowed(val);
            if !simple {
                let mut v = Vec::new();
                self.attribute_value(val, &mut v, 0)?;
                out = Cow::Owned(v);
            }
            if let Some(d) = defs.as_ref().and_then(|d| d.iter().find(|d| d.name == name))
                && !d.cdata
            {
                out = Cow::Owned(collapse(&out));
            }
            list.push((Cow::Borrowed(name), out));
        }
        let specified = list.len();
        if let Some(d) = &defs {
            for d in d {
                if let Some(v) = &d.default
                    && !list.iter().any(|a| a.0 == d.name)
                {
                    list.push((Cow::Owned(d.name.clone()), Cow::Owned(v.clone())));
                }
            }
        }
        let mut bound = 0;
        let mut name = Cow::Borrowed(raw_name);
        let mut specified = specified;
        let plain =
            self.bindings.len() == 1 && !list.iter().any(|a| a.0.contains(&b':') || *a.0 == *b"xmlns");
        if plain && self.ns.is_some() && !raw_name.contains(&b':') {
            // No prefix, no declaration.
        } else if let Some(sep) = self.ns {
            // Declarations first.
            let mut kept = Vec::with_capacity(list.len());
            let mut spec = 0;
            for (x, (an, av)) in list.into_iter().enumerate() {
                let prefix = if *an == *b"xmlns" {
                    Some(vec![])
                } else {
                    an.strip_prefix(b"xmlns:").map(|p| p.to_vec())
                };
                match prefix {
                    Some(p) => {
                        self.bind(p, av.into_owned(), sink)?;
                        bound += 1;
                    }
                    None => {
                        if x < specified {
                            spec += 1;
                        }
                        kept.push((an, av));
                    }
                }
            }
            specified = spec;
            let mut out: Attrs = Vec::with_capacity(kept.len());
            for (an, av) in kept {
                let full = if an.contains(&b':') { Cow::Owned(self.expand(&an, sep, false)?) } else { an };
                if out.iter().any(|o| o.0 == full) {
                    return err(DUPLICATE_ATTRIBUTE);
                }
                out.push((full, av));
            }
            list = out;
            name = Cow::Owned(self.expand(raw_name, sep, true)?);
        }
        if sink.wants(Event::StartElement) {
            sink.start_element(&name, &list, specified).map_err(|_| Stop::Raised)?;
        } else {
            self.default(sink, &s[..k])?;
        }
        let name = match name {
            Cow::Owned(n) if n != raw_name => Some(n),
            _ => None,
        };
        self.stack.push(Open { at: self.names.len(), name, bindings: bound });
        self.names.extend_from_slice(raw_name);
        if empty {
            self.place(sink, b, i, i + k);
            self.close(&[], sink)?;
        }
        Ok(Step::To(i + k))
    }
    pub(super) fn bind(&mut self, prefix: Vec<u8>, uri: Vec<u8>, sink: &mut dyn Sink) -> Res<()> {
        const XML: &[u8] = b"http://www.w3.org/XML/1998/namespace";
        const XMLNS: &[u8] = b"http://www.w3.org/2000/xmlns/";
        if prefix == b"xmlns" {
            return err(RESERVED_XMLNS);
        }
        if prefix == b"xml" && uri != XML {
            return err(RESERVED_XML);
        }
        if uri.is_empty() && !prefix.is_empty() {
            return err(UNDECLARING_PREFIX);
        }
        if uri == XMLNS || (uri == XML && prefix != b"xml") {
            return err(RESERVED_URI);
        }
        if self.ns.is_some_and(|c| c != 0 && uri.contains(&c) && !is_uri_char(c)) {
            return err(SYNTAX);
        }
        if sink.wants(Event::StartNamespaceDecl) {
            let p = if prefix.is_empty() { None } else { Some(&prefix[..]) };
            let u = if uri.is_empty() { None } else { Some(&uri[..]) };
            sink.call(Event::StartNamespaceDecl, &[Arg::Opt(p), Arg::Opt(u)]).map_err(|_| Stop::Raised)?;
        }
        self.bindings.push((prefix, if uri.is_empty() { None } else { Some(uri) }));
        Ok(())
    }
    /// `uri sep local (sep prefix)`
    pub(super) fn expand(&self, name: &[u8], sep: u8, element: bool) -> Res<Vec<u8>> {
        let (prefix, local) = match name.iter().position(|c| *c == b':') {
            Some(i) => (&name[..i], &name[i + 1..]),
            None => (&b""[..], name),
        };
        if prefix.is_empty() && !element {
            return Ok(name.to_vec());
        }
        let uri = self.bindings.iter().rev().find(|b| b.0 == prefix).map(|b| b.1.clone());
        match uri {
            Some(Some(u)) => {
                let mut out = u;
                if sep != 0 {
                    out.push(sep);
                }
                out.extend_from_slice(local);
                if self.triplets && !prefix.is_empty() && sep != 0 {
                    out.push(sep);
                    out.extend_from_slice(prefix);
                }
                Ok(out)
            }
            _ if prefix.is_empty() => Ok(name.to_vec()),
            _ => err(UNBOUND_PREFIX),
        }
    }
    pub(super) fn close(&mut self, raw: &[u8], sink: &mut dyn Sink) -> Res<()> {
        let Some(o) = self.stack.pop() else { return err(TAG_MISMATCH) };
        let at = o.at;
        if sink.wants(Event::EndElement) {
            let name = o.name.as_deref().unwrap_or(&self.names[at..]);
            let r = sink.call(Event::EndElement, &[Arg::Name(name)]);
            self.names.truncate(at);
            r.map_err(|_| Stop::Raised)?;
        } else {
            self.names.truncate(at);
            if !raw.is_empty() {
                self.default(sink, raw)?;
            }
        }
        for _ in 0..o.bindings {
            let (p, _) = self.bindings.pop().expect("bound by this element");
            if sink.wants(Event::EndNamespaceDecl) {
                let p = if p.is_empty() { None } else { Some(&p[..]) };
                sink.call(Event::EndNamespaceDecl, &[Arg::Opt(p)]).map_err(|_| Stop::Raised)?;
            }
        }
        if self.stack.is_empty() && !self.external && self.in_entity == 0 {
            self.phase = Phase::Epilog;
        }
        Ok(())
    }
    pub(super) fn end_tag(&mut self, b: &[u8], i: usize, sink: &mut dyn Sink) -> Res<Step> {
        let s = &b[i..];
        let n = match name_len(&s[2..]) {
            Ok(n) => n,
            Err((_, true)) => return Ok(Step::More),
            Err((k, false)) => return self.bad(sink, b, i, i + 2 + k, INVALID_TOKEN),
        };
        let e = skip_space(s, 2 + n);
        match s.get(e) {
            None => return Ok(Step::More),
            Some(b'>') => {}
            Some(_) => return self.bad(sink, b, i, i + e, INVALID_TOKEN),
        }
        if self.stack.len() <= self.floor {
            return err(ASYNC_ENTITY);
        }
        match self.stack.last() {
            Some(o) if self.names[o.at..] == s[2..2 + n] => {}
            _ => return self.bad(sink, b, i, i + 2, TAG_MISMATCH),
        }
        self.close(&s[..e + 1], sink)?;
        Ok(Step::To(i + e + 1))
    }
}
