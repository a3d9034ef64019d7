//! Filling containers: what lies above a mark goes into the object below it.
//!
//! # Invariants
//! `list::values` is given the array that was just filled with as many items, which nobody else has.

use super::*;

impl Machine<'_> {
    pub(super) fn counted(&mut self, n: usize) -> R<()> {
        if self.stack.len() < self.fence + n {
            return Err(self.underflow());
        }
        let t = self.pop_tuple(self.stack.len() - n)?;
        self.push(t);
        Ok(())
    }
    pub(super) fn dict(&mut self) -> R<()> {
        let i = self.mark()?;
        let n = self.stack.len() - i;
        if n % 2 != 0 {
            return Err(unpickling_error(self.th, "odd number of items for DICT"));
        }
        let d = Gc::<Dict>::with_capacity(self.th, n / 2);
        let mut k = i;
        while k < i + n {
            d.set(self.th, self.item(k), self.item(k + 1))?;
            k += 2;
        }
        self.stack.truncate(i);
        self.push(d.value());
        Ok(())
    }
    /// The height of the stack, if there is something from `i` on; below that is the container that gets it.
    fn top_above(&self, i: usize) -> R<Option<usize>> {
        let n = self.stack.len();
        if i > n || i <= self.fence {
            return Err(self.underflow());
        }
        Ok((i != n).then_some(n))
    }
    pub(super) fn appends(&mut self, i: usize) -> R<()> {
        let th = self.th;
        let Some(n) = self.top_above(i)? else { return Ok(()) };
        let target = self.item(i - 1);
        if let Some(l) = target.exact::<List>() {
            if n - i == 1 {
                list::append(th, l, self.item(i))?;
            } else {
                // Room is made by allocating: the items are taken after that.
                let a = th.array(n - i)?;
                for (k, v) in self.items(i).iter().enumerate() {
                    a.slot(k).init(Some(*v));
                }
                th.m.barrier_all(a.obj());
                list::append_all(th, l, unsafe { list::values(a, n - i) })?;
            }
            self.stack.truncate(i);
            return Ok(());
        }
        match th.getattr_opt(target, n!(extend))? {
            Some(f) => {
                let l = self.pop_list(i)?;
                th.call(f, &[l.value()])?;
            }
            None => {
                let f = th.getattr(target, n!(append))?;
                for k in i..n {
                    th.call(f, &[self.item(k)])?;
                }
                self.stack.truncate(i);
            }
        }
        Ok(())
    }
    pub(super) fn setitems(&mut self, i: usize) -> R<()> {
        let th = self.th;
        let Some(n) = self.top_above(i)? else { return Ok(()) };
        if (n - i) % 2 != 0 {
            return Err(unpickling_error(th, "odd number of items for SETITEMS"));
        }
        let target = self.item(i - 1);
        let mut k = i;
        if let Some(d) = target.exact::<Dict>() {
            while k < n {
                d.set(th, self.item(k), self.item(k + 1))?;
                k += 2;
            }
        } else {
            while k < n {
                th.setitem(target, self.item(k), Some(self.item(k + 1)))?;
                k += 2;
            }
        }
        self.stack.truncate(i);
        Ok(())
    }
    pub(super) fn additems(&mut self) -> R<()> {
        let th = self.th;
        let i = self.mark()?;
        let n = self.stack.len();
        if i > n || i <= self.fence {
            return Err(self.underflow());
        }
        if i == n {
            return Ok(());
        }
        let target = self.item(i - 1);
        if let Some(s) = target.cast::<Set>() {
            let t = self.pop_tuple(i)?;
            return set::update(th, s, t);
        }
        let f = th.getattr(target, n!(add))?;
        for k in i..n {
            th.call(f, &[self.item(k)])?;
        }
        self.stack.truncate(i);
        Ok(())
    }
}
