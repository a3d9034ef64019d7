//! Declarations of a document type: entities, notations, elements, attributes; parameter entities, conditional sections.

use super::*;

impl Parser {
    /// One declaration of a DTD.
    pub(super) fn declaration(&mut self, b: &[u8], i: usize, last: bool, sink: &mut dyn Sink) -> Res<Step> {
        let s = &b[i..];
        let subset = self.phase == Phase::Subset && self.in_entity == 0;
        if s.is_empty() {
            return Ok(Step::To(i));
        }
        if self.phase == Phase::External
            && s.starts_with(b"<?xml")
            && s.get(5).is_none_or(|c| is_space(*c))
            && i == 0
            && self.in_entity == 0
        {
            return self.xml_decl(b, i, true, sink);
        }
        match s[0] {
            c if is_space(c) => {
                let j = skip_space(b, i);
                self.default(sink, &b[i..j])?;
                return Ok(Step::To(j));
            }
            b']' if subset => {
                let j = skip_space(b, i + 1);
                return match b.get(j) {
                    None => Ok(Step::More),
                    Some(b'>') => {
                        self.default(sink, &b[i..j])?;
                        self.place(sink, b, i, j);
                        self.end_doctype(&b[j..j + 1], sink)?;
                        Ok(Step::To(j + 1))
                    }
                    Some(_) => self.bad(sink, b, i, j, SYNTAX),
                };
            }
            b'%' => {
                let n = match name_len(&s[1..]) {
                    Ok(n) => n,
                    Err((_, true)) => return Ok(Step::More),
                    Err(_) => return self.bad(sink, b, i, i + 1, INVALID_TOKEN),
                };
                return match s.get(1 + n) {
                    None => Ok(Step::More),
                    Some(b';') => {
                        let name = s[1..1 + n].to_vec();
                        self.param_entity(&name, &s[..n + 2], sink)?;
                        Ok(Step::To(i + n + 2))
                    }
                    Some(_) => self.bad(sink, b, i, i + 1 + n, INVALID_TOKEN),
                };
            }
            b'<' => {}
            _ => return err(if next_char(s).is_err() { INVALID_TOKEN } else { SYNTAX }),
        }
        if s.len() < 4 && !last {
            return Ok(Step::More);
        }
        if let Some(r) = self.comment_or_pi(b, i, sink)? {
            return Ok(r);
        }
        if s.get(1) != Some(&b'!') {
            return if s.len() < 2 { Ok(Step::More) } else { self.bad(sink, b, i, i + 1, INVALID_TOKEN) };
        }
        if s.starts_with(b"<![") && !subset {
            return self.conditional(b, i, sink);
        }
        // To the end of the declaration.
        let mut j = i + 2;
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
                b'>' => break j,
                b'<' => return self.bad(sink, b, i, j, INVALID_TOKEN),
                _ => {}
            }
            j += 1;
        };
        if let Some(at) = invalid_char(&b[i..end]) {
            return self.bad(sink, b, i, i + at, INVALID_TOKEN);
        }
        let raw = &b[i..end + 1];
        // Parameter entities within declarations (not in the internal subset itself).
        let body = b[i + 2..end].to_vec();
        let body = if subset { body } else { self.expand_params(&body)? };
        let kw = body.iter().position(|c| !c.is_ascii_alphabetic()).unwrap_or(body.len());
        let rest = &body[kw..];
        let r = match &body[..kw] {
            b"ENTITY" => self.entity_decl(rest, raw, subset, sink),
            b"NOTATION" => self.notation_decl(rest, raw, sink),
            b"ELEMENT" => self.element_decl(rest, raw, sink),
            b"ATTLIST" => self.attlist_decl(rest, raw, sink),
            _ => return self.bad(sink, b, i, i + 2 + kw, INVALID_TOKEN),
        };
        match r {
            Ok(()) => Ok(Step::To(end + 1)),
            Err((Stop::Raised, _)) => Err(Stop::Raised),
            Err((Stop::Code(c), at)) => self.bad(sink, b, i, i + 2 + kw + at, c),
        }
    }
    pub(super) fn expand_params(&self, s: &[u8]) -> Res<Vec<u8>> {
        let mut out = Vec::new();
        let mut i = 0;
        let mut quote = 0u8;
        while i < s.len() {
            let c = s[i];
            if quote != 0 {
                if c == quote {
                    quote = 0;
                }
            } else if c == b'"' || c == b'\'' {
                quote = c;
            } else if c == b'%'
                && let Ok(n) = name_len(&s[i + 1..])
                && s.get(i + 1 + n) == Some(&b';')
            {
                let v = self.dtd().param.get(&s[i + 1..i + 1 + n]).and_then(|e| e.value.clone());
                if let Some(v) = v {
                    out.push(b' ');
                    out.extend_from_slice(&self.expand_params(&v)?);
                    out.push(b' ');
                }
                i += n + 2;
                continue;
            }
            out.push(c);
            i += 1;
        }
        Ok(out)
    }
    /// `<![INCLUDE[ ... ]]>` and `<![IGNORE[ ... ]]>`
    pub(super) fn conditional(&mut self, b: &[u8], i: usize, sink: &mut dyn Sink) -> Res<Step> {
        let Some(open) = find(b, i + 3, b"[") else { return Ok(Step::More) };
        // Nested sections are counted.
        let (mut depth, mut j) = (1, open + 1);
        let end = loop {
            if b[j.min(b.len())..].starts_with(b"<![") {
                depth += 1;
                j += 3;
            } else if b[j.min(b.len())..].starts_with(b"]]>") {
                depth -= 1;
                if depth == 0 {
                    break j;
                }
                j += 3;
            } else if j >= b.len() {
                return Ok(Step::More);
            } else {
                j += 1;
            }
        };
        let kw = self.expand_params(&b[i + 3..open])?;
        match kw.trim_ascii() {
            b"INCLUDE" => {
                let text = b[open + 1..end].to_vec();
                self.entity_text(&text, Phase::External, sink)?;
            }
            b"IGNORE" => {}
            _ => return self.bad(sink, b, i, i + 3, SYNTAX),
        }
        Ok(Step::To(end + 3))
    }
    pub(super) fn param_entity(&mut self, name: &[u8], raw: &[u8], sink: &mut dyn Sink) -> Res<()> {
        let (e, standalone) = {
            let mut d = self.dtd();
            d.has_pe_refs = true;
            (d.param.get(name).cloned(), d.standalone)
        };
        if self.param_parsing == 0 && !self.external {
            self.dtd().keep = standalone;
            self.not_standalone(sink)?;
            return self.default(sink, raw);
        }
        let Some(e) = e else {
            self.dtd().keep = standalone;
            if sink.wants(Event::SkippedEntity) {
                let args = [Arg::Name(name), Arg::Int(1)];
                sink.call(Event::SkippedEntity, &args).map_err(|_| Stop::Raised)?;
            } else {
                self.default(sink, raw)?;
            }
            return Ok(());
        };
        if e.open {
            return err(RECURSIVE_ENTITY);
        }
        match e.value {
            Some(v) => {
                self.open_entity(name, true, true);
                let r = self.entity_text(&v, self.phase, sink);
                self.open_entity(name, true, false);
                r
            }
            None => {
                let read = self.param_parsing == 2 || (self.param_parsing == 1 && !standalone);
                if read && sink.wants(Event::ExternalEntityRef) {
                    let base = self.base.clone();
                    let args = [
                        Arg::None,
                        Arg::Opt(base.as_deref()),
                        Arg::Opt(e.system.as_deref()),
                        Arg::Opt(e.public.as_deref()),
                    ];
                    self.open_entity(name, true, true);
                    let r = sink.call(Event::ExternalEntityRef, &args);
                    self.open_entity(name, true, false);
                    if r.map_err(|_| Stop::Raised)? == 0 {
                        return err(EXTERNAL_HANDLING);
                    }
                } else {
                    self.dtd().keep = standalone;
                    self.default(sink, raw)?;
                }
                Ok(())
            }
        }
    }
    pub(super) fn open_entity(&self, name: &[u8], param: bool, open: bool) {
        let mut d = self.dtd();
        let t = if param { &mut d.param } else { &mut d.general };
        if let Some(e) = t.get_mut(name) {
            e.open = open;
        }
    }
    /// Parses the text of an entity by the steps of a phase.
    pub(super) fn entity_text(&mut self, v: &[u8], phase: Phase, sink: &mut dyn Sink) -> Res<()> {
        self.indirect += v.len() as u64;
        let total = self.direct + self.indirect;
        if total > self.amp_threshold && total as f64 > self.max_amp * self.direct as f64 {
            return err(AMPLIFICATION);
        }
        if self.in_entity > 200 {
            return err(RECURSIVE_ENTITY);
        }
        let (old, floor) = (self.phase, self.floor);
        self.phase = phase;
        self.in_entity += 1;
        self.floor = self.stack.len();
        let mut i = 0;
        let r = loop {
            if i >= v.len() {
                break Ok(());
            }
            match self.step(v, i, true, sink) {
                Ok(Step::To(j)) => i = j,
                Ok(Step::More) => {
                    break err(if phase == Phase::Content { ASYNC_ENTITY } else { INCOMPLETE_PE });
                }
                Err(e) => break Err(e),
            }
        };
        let balanced = self.stack.len() == self.floor;
        self.in_entity -= 1;
        self.floor = floor;
        if r.is_ok() && (!balanced || self.phase == Phase::Cdata) {
            return err(ASYNC_ENTITY);
        }
        self.phase = if self.phase == Phase::Done { Phase::Done } else { old };
        r
    }
    pub(super) fn entity_decl(
        &mut self,
        s: &[u8],
        raw: &[u8],
        subset: bool,
        sink: &mut dyn Sink,
    ) -> Result<(), (Stop, usize)> {
        let mut d = Decl { s, at: 0 };
        let code = |(at, c): (usize, u32)| (Stop::Code(c), at);
        d.need_space().map_err(code)?;
        let mut param = false;
        if s.get(d.at) == Some(&b'%') {
            param = true;
            d.at += 1;
            d.need_space().map_err(code)?;
        }
        let name = d.name().map_err(code)?;
        d.need_space().map_err(code)?;
        let mut e = Entity::default();
        if matches!(s.get(d.at), Some(b'"' | b'\'')) {
            let at = d.at + 1;
            let v = d.quoted().map_err(code)?;
            e.value = Some(self.entity_value(&v, subset).map_err(|c| (Stop::Code(c), at))?);
        } else {
            let (public, system) = d.external_id(true).map_err(code)?;
            if system.is_none() {
                return Err((Stop::Code(SYNTAX), d.at));
            }
            (e.system, e.public) = (system, public);
            let before = d.at;
            d.space();
            if s[d.at..].starts_with(b"NDATA") && !param && d.at > before {
                d.at += 5;
                d.need_space().map_err(code)?;
                e.notation = Some(d.name().map_err(code)?);
            }
        }
        d.space();
        if d.at != s.len() {
            return Err((Stop::Code(SYNTAX), d.at));
        }
        let base = self.base.clone();
        let keep = {
            let mut t = self.dtd();
            let keep = t.keep || !t.has_pe_refs || t.standalone;
            let table = if param { &mut t.param } else { &mut t.general };
            let new = !table.contains_key(&name);
            if keep && new && (param || predefined(&name).is_none()) {
                table.insert(name.clone(), e.clone());
            }
            new && (param || predefined(&name).is_none())
        };
        if !keep {
            return self.default(sink, raw).map_err(|e| (e, 0));
        }
        let r = if e.notation.is_some() && sink.wants(Event::UnparsedEntityDecl) {
            sink.call(
                Event::UnparsedEntityDecl,
                &[
                    Arg::Name(&name),
                    Arg::Opt(base.as_deref()),
                    Arg::Opt(e.system.as_deref()),
                    Arg::Opt(e.public.as_deref()),
                    Arg::Opt(e.notation.as_deref()),
                ],
            )
            .map(|_| ())
            .map_err(|_| Stop::Raised)
        } else if sink.wants(Event::EntityDecl) {
            sink.call(
                Event::EntityDecl,
                &[
                    Arg::Name(&name),
                    Arg::Int(param as i64),
                    Arg::Opt(e.value.as_deref()),
                    Arg::Opt(base.as_deref()),
                    Arg::Opt(e.system.as_deref()),
                    Arg::Opt(e.public.as_deref()),
                    Arg::Opt(e.notation.as_deref()),
                ],
            )
            .map(|_| ())
            .map_err(|_| Stop::Raised)
        } else {
            self.default(sink, raw)
        };
        r.map_err(|e| (e, 0))
    }
    /// The replacement text: character and parameter entity references are resolved.
    pub(super) fn entity_value(&self, v: &[u8], subset: bool) -> Result<Vec<u8>, u32> {
        let v = normalize(v);
        let mut out = Vec::new();
        let mut i = 0;
        while i < v.len() {
            match v[i] {
                b'&' if v.get(i + 1) == Some(&b'#') => {
                    let (c, n) = char_ref(&v[i..]).map_err(|e| e.unwrap_or(INVALID_TOKEN))?;
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    i += n;
                }
                b'&' => {
                    let n = name_len(&v[i + 1..]).map_err(|_| INVALID_TOKEN)?;
                    if v.get(i + 1 + n) != Some(&b';') {
                        return Err(INVALID_TOKEN);
                    }
                    out.extend_from_slice(&v[i..i + n + 2]);
                    i += n + 2;
                }
                b'%' => {
                    let n = name_len(&v[i + 1..]).map_err(|_| INVALID_TOKEN)?;
                    if v.get(i + 1 + n) != Some(&b';') {
                        return Err(INVALID_TOKEN);
                    }
                    if subset {
                        return Err(PARAM_ENTITY_REF);
                    }
                    let x = self.dtd().param.get(&v[i + 1..i + 1 + n]).and_then(|e| e.value.clone());
                    out.extend_from_slice(&x.unwrap_or_default());
                    i += n + 2;
                }
                c => {
                    out.push(c);
                    i += 1;
                }
            }
        }
        Ok(out)
    }
    pub(super) fn notation_decl(
        &mut self,
        s: &[u8],
        raw: &[u8],
        sink: &mut dyn Sink,
    ) -> Result<(), (Stop, usize)> {
        let mut d = Decl { s, at: 0 };
        let code = |(at, c): (usize, u32)| (Stop::Code(c), at);
        d.need_space().map_err(code)?;
        let name = d.name().map_err(code)?;
        let (public, system) = d.external_id(false).map_err(code)?;
        d.space();
        if d.at != s.len() || (public.is_none() && system.is_none()) {
            return Err((Stop::Code(SYNTAX), d.at));
        }
        let base = self.base.clone();
        let args = [
            Arg::Name(&name),
            Arg::Opt(base.as_deref()),
            Arg::Opt(system.as_deref()),
            Arg::Opt(public.as_deref()),
        ];
        self.call(sink, Event::NotationDecl, &args, raw).map(|_| ()).map_err(|e| (e, 0))
    }
    pub(super) fn element_decl(
        &mut self,
        s: &[u8],
        raw: &[u8],
        sink: &mut dyn Sink,
    ) -> Result<(), (Stop, usize)> {
        let mut d = Decl { s, at: 0 };
        let code = |(at, c): (usize, u32)| (Stop::Code(c), at);
        d.need_space().map_err(code)?;
        let name = d.name().map_err(code)?;
        d.need_space().map_err(code)?;
        let leaf = |kind| Model { kind, quant: 0, name: None, children: vec![] };
        let model = if s[d.at..].starts_with(b"EMPTY") {
            d.at += 5;
            leaf(1)
        } else if s[d.at..].starts_with(b"ANY") {
            d.at += 3;
            leaf(2)
        } else {
            d.group(0).map_err(code)?
        };
        d.space();
        if d.at != s.len() {
            return Err((Stop::Code(SYNTAX), d.at));
        }
        self.call(sink, Event::ElementDecl, &[Arg::Name(&name), Arg::Model(&model)], raw)
            .map(|_| ())
            .map_err(|e| (e, 0))
    }
    pub(super) fn attlist_decl(
        &mut self,
        s: &[u8],
        raw: &[u8],
        sink: &mut dyn Sink,
    ) -> Result<(), (Stop, usize)> {
        let mut d = Decl { s, at: 0 };
        let code = |(at, c): (usize, u32)| (Stop::Code(c), at);
        d.need_space().map_err(code)?;
        let element = d.name().map_err(code)?;
        let mut called = false;
        loop {
            d.space();
            if d.at == s.len() {
                break;
            }
            let name = d.name().map_err(code)?;
            d.need_space().map_err(code)?;
            let from = d.at;
            let mut kind: Vec<u8>;
            if s.get(d.at) == Some(&b'(') {
                kind = d.enumeration().map_err(code)?;
            } else {
                kind = d.name().map_err(code)?;
                if kind == b"NOTATION" {
                    d.need_space().map_err(code)?;
                    kind.extend_from_slice(&d.enumeration().map_err(code)?);
                } else if !matches!(
                    &kind[..],
                    b"CDATA"
                        | b"ID"
                        | b"IDREF"
                        | b"IDREFS"
                        | b"ENTITY"
                        | b"ENTITIES"
                        | b"NMTOKEN"
                        | b"NMTOKENS"
                ) {
                    return Err((Stop::Code(SYNTAX), from));
                }
            }
            d.need_space().map_err(code)?;
            let mut required = false;
            let mut default = None;
            if s.get(d.at) == Some(&b'#') {
                let k =
                    s[d.at + 1..].iter().position(|c| !c.is_ascii_alphabetic()).unwrap_or(s.len() - d.at - 1);
                let kw = &s[d.at + 1..d.at + 1 + k];
                match kw {
                    b"REQUIRED" => required = true,
                    b"IMPLIED" => {}
                    b"FIXED" => {
                        d.at += 1 + k;
                        d.need_space().map_err(code)?;
                        required = true;
                        default = Some(d.quoted().map_err(code)?);
                    }
                    _ => return Err((Stop::Code(SYNTAX), d.at)),
                }
                if default.is_none() {
                    d.at += 1 + k;
                }
            } else {
                default = Some(d.quoted().map_err(code)?);
            }
            let cdata = kind == b"CDATA";
            let value = match &default {
                None => None,
                Some(v) => {
                    let at = d.at;
                    let mut out = Vec::new();
                    self.attribute_value(v, &mut out, 0).map_err(|e| (e, at))?;
                    Some(if cdata { out } else { collapse(&out) })
                }
            };
            {
                let mut t = self.dtd();
                if t.keep || !t.has_pe_refs || t.standalone {
                    let list = t.attlists.entry(element.clone()).or_default();
                    if !list.iter().any(|a| a.name == name) {
                        list.push(AttDef { name: name.clone(), cdata, default: value.clone() });
                    }
                }
            }
            if sink.wants(Event::AttlistDecl) {
                called = true;
                sink.call(
                    Event::AttlistDecl,
                    &[
                        Arg::Name(&element),
                        Arg::Name(&name),
                        Arg::Name(&kind),
                        Arg::Opt(value.as_deref()),
                        Arg::Int(required as i64),
                    ],
                )
                .map_err(|_| (Stop::Raised, 0))?;
            }
        }
        if !called {
            self.default(sink, raw).map_err(|e| (e, 0))?;
        }
        Ok(())
    }
}

/// The text of a declaration, being read.
pub(super) struct Decl<'a> {
    pub s: &'a [u8],
    pub at: usize,
}
pub(super) type DRes<T> = Result<T, (usize, u32)>;

impl Decl<'_> {
    pub(super) fn space(&mut self) -> bool {
        let j = skip_space(self.s, self.at);
        let moved = j > self.at;
        self.at = j;
        moved
    }
    pub(super) fn need_space(&mut self) -> DRes<()> {
        if self.space() {
            Ok(())
        } else {
            Err((self.at, if self.at < self.s.len() { INVALID_TOKEN } else { SYNTAX }))
        }
    }
    pub(super) fn name(&mut self) -> DRes<Vec<u8>> {
        match name_len(&self.s[self.at..]) {
            Ok(n) => {
                let v = self.s[self.at..self.at + n].to_vec();
                self.at += n;
                Ok(v)
            }
            Err((n, true)) if n > 0 => {
                let v = self.s[self.at..self.at + n].to_vec();
                self.at += n;
                Ok(v)
            }
            Err((n, _)) => Err((self.at + n, SYNTAX)),
        }
    }
    pub(super) fn quoted(&mut self) -> DRes<Vec<u8>> {
        let q = match self.s.get(self.at) {
            Some(c @ (b'"' | b'\'')) => *c,
            _ => return Err((self.at, SYNTAX)),
        };
        let Some(e) = self.s[self.at + 1..].iter().position(|c| *c == q) else {
            return Err((self.at, SYNTAX));
        };
        let v = self.s[self.at + 1..self.at + 1 + e].to_vec();
        self.at += e + 2;
        Ok(v)
    }
    /// `SYSTEM "s"`, `PUBLIC "p" "s"`, or nothing: (public, system). For notations the system part may be missing.
    pub(super) fn external_id(&mut self, need_system: bool) -> DRes<(Option<Vec<u8>>, Option<Vec<u8>>)> {
        let from = self.at;
        self.space();
        let s = &self.s[self.at..];
        if s.starts_with(b"SYSTEM") {
            self.at += 6;
            self.need_space()?;
            return Ok((None, Some(self.quoted()?)));
        }
        if s.starts_with(b"PUBLIC") {
            self.at += 6;
            self.need_space()?;
            let at = self.at;
            let p = self.quoted()?;
            if let Some(k) =
                p.iter().position(|c| !(c.is_ascii_alphanumeric() || b" \r\n-'()+,./:=?;!*#@$_%".contains(c)))
            {
                return Err((at + 1 + k, PUBLICID));
            }
            let p = collapse(&p.iter().map(|c| if is_space(*c) { b' ' } else { *c }).collect::<Vec<u8>>());
            let spaced = self.space();
            if matches!(self.s.get(self.at), Some(b'"' | b'\'')) {
                if !spaced {
                    return Err((self.at, SYNTAX));
                }
                return Ok((Some(p), Some(self.quoted()?)));
            }
            return if need_system { Err((self.at, SYNTAX)) } else { Ok((Some(p), None)) };
        }
        self.at = from;
        Ok((None, None))
    }
    pub(super) fn quantifier(&mut self) -> i64 {
        let q = match self.s.get(self.at) {
            Some(b'?') => 1,
            Some(b'*') => 2,
            Some(b'+') => 3,
            _ => return 0,
        };
        self.at += 1;
        q
    }
    pub(super) fn group(&mut self, depth: u32) -> DRes<Model> {
        if depth > 2000 {
            return Err((self.at, DEEP));
        }
        if self.s.get(self.at) != Some(&b'(') {
            return Err((self.at, SYNTAX));
        }
        self.at += 1;
        self.space();
        if self.s[self.at..].starts_with(b"#PCDATA") {
            self.at += 7;
            let mut m = Model { kind: 3, quant: 0, name: None, children: vec![] };
            loop {
                self.space();
                match self.s.get(self.at) {
                    Some(b'|') => {
                        self.at += 1;
                        self.space();
                        let n = self.name()?;
                        m.children.push(Model { kind: 4, quant: 0, name: Some(n), children: vec![] });
                    }
                    Some(b')') => {
                        self.at += 1;
                        break;
                    }
                    _ => return Err((self.at, SYNTAX)),
                }
            }
            m.quant = self.quantifier();
            return Ok(m);
        }
        let mut m = Model { kind: 6, quant: 0, name: None, children: vec![] };
        let mut sep = 0u8;
        loop {
            self.space();
            if self.s.get(self.at) == Some(&b'(') {
                m.children.push(self.group(depth + 1)?);
            } else {
                let n = self.name()?;
                let q = self.quantifier();
                m.children.push(Model { kind: 4, quant: q, name: Some(n), children: vec![] });
            }
            self.space();
            match self.s.get(self.at) {
                Some(c @ (b',' | b'|')) if sep == 0 || sep == *c => {
                    sep = *c;
                    self.at += 1;
                }
                Some(b')') => {
                    self.at += 1;
                    break;
                }
                _ => return Err((self.at, SYNTAX)),
            }
        }
        if sep == b'|' {
            m.kind = 5;
        }
        m.quant = self.quantifier();
        Ok(m)
    }
    pub(super) fn enumeration(&mut self) -> DRes<Vec<u8>> {
        if self.s.get(self.at) != Some(&b'(') {
            return Err((self.at, SYNTAX));
        }
        let mut out = b"(".to_vec();
        self.at += 1;
        loop {
            self.space();
            let from = self.at;
            while self.at < self.s.len() {
                match next_char(&self.s[self.at..]) {
                    Ok((c, n)) if is_name_char(c) => self.at += n,
                    _ => break,
                }
            }
            if self.at == from {
                return Err((self.at, SYNTAX));
            }
            out.extend_from_slice(&self.s[from..self.at]);
            self.space();
            match self.s.get(self.at) {
                Some(b'|') => {
                    out.push(b'|');
                    self.at += 1;
                }
                Some(b')') => {
                    out.push(b')');
                    self.at += 1;
                    return Ok(out);
                }
                _ => return Err((self.at, SYNTAX)),
            }
        }
    }
}
