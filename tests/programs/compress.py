# zlib, bz2, lzma, zstd: one-shot and incremental coding, dictionaries, flush modes, copies, errors.
import bz2, lzma, zlib
from compression import zstd

def show(f, *args, **kw):
    try:
        print(f(*args, **kw))
    except Exception as e:
        print(type(e).__name__, e)

data = b"".join(b"line %d of the text\n" % i for i in range(2000))
for level in (0, 1, 6, 9, -1):
    assert zlib.decompress(zlib.compress(data, level)) == data
for wbits in (-15, 9, 15, 25, 31):
    assert zlib.decompress(zlib.compress(data, wbits=wbits), wbits if wbits < 0 else 47) == data
for mode in (zlib.Z_PARTIAL_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_BLOCK):
    c = zlib.compressobj()
    out = c.compress(data) + c.flush(mode)
    d = c.copy()
    assert zlib.decompress(out + c.compress(b"tail") + c.flush()) == data + b"tail"
    assert zlib.decompress(out + d.flush()) == data
c = zlib.compressobj(zdict=b"of the text\n")
packed = c.compress(data) + c.flush()
show(zlib.decompress, packed)
print(zlib.decompressobj(zdict=b"of the text\n").decompress(packed) == data)
d = zlib.decompressobj()
packed = zlib.compress(data)
print(d.decompress(packed + b"rest", 10), d.eof, d.unused_data)
print(len(d.decompress(d.unconsumed_tail)), d.eof, d.unused_data)
for bad in (b"", b"xx", packed[:-1], packed[:-1] + b"x"):
    show(zlib.decompress, bad)
show(zlib.compress, b"", 10)
show(zlib.compressobj, wbits=99)
print(zlib.crc32(data), zlib.adler32(data), zlib.crc32(b"b", zlib.crc32(b"a")), zlib.adler32(b""))

makers = (
    (lambda: bz2.BZ2Compressor(), bz2.BZ2Decompressor),
    (lambda: lzma.LZMACompressor(), lzma.LZMADecompressor),
    (lambda: lzma.LZMACompressor(lzma.FORMAT_ALONE), lzma.LZMADecompressor),
    (lambda: zstd.ZstdCompressor(), zstd.ZstdDecompressor),
)
for compressor, decompressor in makers:
    c = compressor()
    packed = b"".join(c.compress(data[i:i + 999]) for i in range(0, len(data), 999)) + c.flush()
    d = decompressor()
    out = b"".join(d.decompress(packed[i:i + 77]) for i in range(0, len(packed), 77))
    print(type(d).__name__, out == data, d.eof, d.needs_input, d.unused_data)
    d = decompressor()
    out = d.decompress(packed + b"rest", 100)
    while not d.eof:
        out += d.decompress(b"", 5000)
    print(out == data, d.unused_data)
    show(d.decompress, b"")
    show(decompressor().decompress, b"x" * 30)
show(bz2.BZ2Compressor, 10)
show(lzma.LZMACompressor, preset=77)
show(lzma.LZMACompressor, filters=[{"id": lzma.FILTER_DELTA, "dist": 4}])
chain = [{"id": lzma.FILTER_DELTA, "dist": 4}, {"id": lzma.FILTER_LZMA2, "preset": 3}]
packed = lzma.compress(data, lzma.FORMAT_RAW, filters=chain)
print(lzma.decompress(packed, lzma.FORMAT_RAW, filters=chain) == data)
print(lzma._decode_filter_properties(lzma.FILTER_LZMA1, b"]\0\0\x80\0"), lzma._encode_filter_properties({"id": lzma.FILTER_DELTA, "dist": 9}))
samples = [b"sample %d of words" % i * 3 for i in range(400)]
zd = zstd.train_dict(samples, 2000)
for use in (zd, zd.as_digested_dict, zd.as_prefix):
    packed = zstd.compress(samples[5], zstd_dict=use)
    print(zstd.decompress(packed, zstd_dict=zd.as_prefix if use == zd.as_prefix else zd) == samples[5])
show(zstd.compress, b"", 99)
show(zstd.compress, b"", options={zstd.CompressionParameter.window_log: 99})
print(zstd.get_frame_info(zstd.compress(data)), zstd.get_frame_size(zstd.compress(data)) == len(zstd.compress(data)))
