# hashlib, hmac and the modules below them: digests, names, sizes, copies, key derivation, errors.
import hashlib, hmac, _hashlib, _md5, _sha1, _sha2, _sha3, _blake2, _hmac

def show(f, *args, **kw):
    try:
        r = f(*args, **kw)
        print(r.hex() if isinstance(r, bytes) else r)
    except Exception as e:
        print(type(e).__name__, e)

data = [b"", b"abc", bytes(range(256)) * 5]
for name in ("md5 sha1 sha224 sha256 sha384 sha512 sha512_224 sha512_256 sha3_224 sha3_256 sha3_384 sha3_512 "
             "blake2b blake2s ripemd160 sm3 md5-sha1 shake_128 shake_256").split():
    for d in data:
        h = hashlib.new(name, d[:3])
        h.update(d[3:])
        g = h.copy()
        g.update(b"more")
        n = (40,) if h.digest_size == 0 else ()
        print(h.name, h.digest_size, h.block_size, h.hexdigest(*n), g.digest(*n) != h.digest(*n))
for f in (_md5.md5, _sha1.sha1, _sha2.sha224, _sha2.sha512, _sha3.sha3_384, _blake2.blake2b, _blake2.blake2s):
    print(f(b"x", usedforsecurity=False).hexdigest(), f(string=b"y").name)
for bad in ("text", 3, None):
    show(hashlib.md5, bad)
    show(_sha3.sha3_256, bad)
    show(hashlib.sha256().update, bad)
show(hashlib.new, "nonesuch")
show(hashlib.md5, b"a", string=b"b")
show(hashlib.shake_128(b"x").hexdigest, 17)
show(_sha3.shake_256(b"x").digest, -1)
for kw in (dict(digest_size=20), dict(digest_size=0), dict(key=b"k" * 65), dict(key=b"key", salt=b"salt", person=b"me"),
           dict(fanout=2, depth=3, leaf_size=4096, node_offset=2**40, node_depth=1, inner_size=32, last_node=True),
           dict(depth=0), dict(leaf_size=2**32), dict(node_offset=-1), dict(fanout=256)):
    show(lambda: _blake2.blake2b(b"tree", **kw).hexdigest())
    show(lambda: _blake2.blake2s(b"tree", **kw).hexdigest())
for name in ("md5", "sha256", "sha3_512", "blake2s"):
    h = hmac.new(b"key" * 50, b"message", name)
    h.update(b" more")
    print(h.name, h.digest_size, h.block_size, h.hexdigest(), h.copy().hexdigest() == h.hexdigest())
    show(hmac.digest, b"key", b"message", name)
show(_hmac.compute_sha384, b"key", b"message")
show(_hmac.new, b"key", b"", "nonesuch")
show(_hashlib.hmac_new, b"key")
for name in ("sha1", "md5", "sha512", "sha3_256"):
    show(hashlib.pbkdf2_hmac, name, b"password", b"salt", 10, 70)
show(hashlib.pbkdf2_hmac, "sha256", b"password", b"salt", 0)
show(hashlib.scrypt, b"password", salt=b"salt", n=16, r=8, p=2, dklen=40)
show(hashlib.scrypt, b"password", salt=b"salt", n=15, r=8, p=2)
show(hashlib.scrypt, b"password", salt=b"salt", n=2**20, r=8, p=2)
show(hmac.compare_digest, b"a", b"b")
show(hmac.compare_digest, "é", "é")
