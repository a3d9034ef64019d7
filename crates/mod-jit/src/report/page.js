(function () {
  'use strict';
  var $ = function (s, e) { return Array.prototype.slice.call((e || document).querySelectorAll(s)); };
  $('[data-js]').forEach(function (e) { e.hidden = false; });
  var theme = document.getElementById('theme'), root = document.documentElement;
  theme.hidden = false;
  theme.addEventListener('click', function () {
    var dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
  });
  $('[data-open]').forEach(function (b) { b.addEventListener('click', function () { $(b.dataset.open).forEach(function (d) { d.open = true; }); }); });
  $('[data-close]').forEach(function (b) { b.addEventListener('click', function () { $(b.dataset.close).forEach(function (d) { d.open = false; }); }); });
  function value(row, n) {
    var c = row.cells[n], v = c.dataset.v, t = v === undefined ? c.textContent : v, f = parseFloat(t);
    return isNaN(f) || (v === undefined && !c.classList.contains('num')) ? t.toLowerCase() : f;
  }
  $('table.sortable').forEach(function (table) {
    $('thead th', table).forEach(function (th, n) {
      var b = document.createElement('button');
      b.type = 'button'; b.textContent = th.textContent; th.textContent = ''; th.appendChild(b);
      b.addEventListener('click', function () {
        var down = th.getAttribute('aria-sort') !== 'descending';
        $('thead th', table).forEach(function (x) { x.removeAttribute('aria-sort'); });
        th.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        var body = table.tBodies[0], rows = Array.prototype.slice.call(body.rows);
        rows.sort(function (p, q) {
          var x = value(p, n), y = value(q, n), c = typeof x === typeof y ? (x < y ? -1 : x > y ? 1 : 0) : typeof x === 'number' ? -1 : 1;
          return down ? -c : c;
        });
        rows.forEach(function (r) { body.appendChild(r); });
      });
    });
  });
  var filter = document.getElementById('filter');
  filter.addEventListener('input', function () {
    var f = filter.value.toLowerCase();
    $('#functions tbody tr').forEach(function (r) { r.hidden = r.cells[0].textContent.toLowerCase().indexOf(f) < 0; });
    $('details.func').forEach(function (d) { d.hidden = d.querySelector('summary').textContent.toLowerCase().indexOf(f) < 0; });
  });
  function reveal() {
    var e = location.hash && document.getElementById(location.hash.slice(1));
    for (var p = e; p; p = p.parentElement) { if (p.tagName === 'DETAILS') { p.open = true; } }
    if (e) { e.scrollIntoView(); }
  }
  addEventListener('hashchange', reveal);
  reveal();
}());
