# binascii: base64 in both modes, hexadecimal, quoted-printable, uuencode, CRCs, errors.
import binascii as B

def show(f, *args, **kw):
    try:
        print(f.__name__, f(*args, **kw))
    except Exception as e:
        print(f.__name__, type(e).__name__, e)

for data in (b"", b"a", b"ab", b"abc", bytes(range(60))):
    print(B.b2a_base64(data), B.b2a_base64(data, newline=False), B.hexlify(data), B.b2a_uu(data[:45]), B.crc32(data), B.crc_hqx(data, 0))
for text in ("QUJD", "QUI=", "QQ==", "Q", "QQ", "QQ=", "=QQ==", "QQ==QQ==", "QU!JD", "QQ=Q=", "Q=QQ=", "QUJD=", "QQ==="):
    show(B.a2b_base64, text)
    show(B.a2b_base64, text, strict_mode=True)
for text in ("00ff", "0", "0g", "AbCd", "é"):
    show(B.unhexlify, text)
show(B.hexlify, b"\xb9\x01\xef", ":")
show(B.hexlify, b"\xb9\x01\xef", b"_", 2)
show(B.hexlify, b"\xb9\x01\xef", "_", -2)
show(B.hexlify, b"\xb9\x01\xef", "::")
for text in (b"=41=\nb=3D==x_y=", b"a b\t\n_"):
    show(B.a2b_qp, text)
    show(B.a2b_qp, text, header=True)
for data in (b"x" * 80, b"a \nb\t\r\n.\n", b"=_ \xff", b"line\r\nother \n"):
    for quotetabs in (False, True):
        for istext in (False, True):
            show(B.b2a_qp, data, quotetabs, istext, header=True)
for text in (b"#86)C\n", b"#86)C \n", b"#86)Cx", b"\x01", b"", b"#8"):
    show(B.a2b_uu, text)
show(B.b2a_uu, b"x" * 46)
show(B.b2a_uu, b"\0\0", backtick=True)
show(B.crc32, b"abc", -1)
show(B.crc32, "abc")
show(B.a2b_hex, 3)
print(B.Error.__mro__, B.Incomplete.__mro__)
