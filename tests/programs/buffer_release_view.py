class B:
    def __init__(s,w): s.w=w
    def __buffer__(s,f):
        v=s.w.__buffer__(f); s.v=v; return v
    def __release_buffer__(s,view):
        print('rel', type(view).__name__, view is s.v, len(view)); view.release()
a=bytearray(b'world'); p=B(a)
v=memoryview(p)
print(bytes(v)); v[0]=87
try: a.append(1)
except BufferError as e: print(e)
v.release()
p.v=None
try: a.append(33); print(a)
except BufferError as e: print('BAD',e)
class C(B):
    def __release_buffer__(s,view): print('rel2')
p=C(a); v=memoryview(p); v2=memoryview(v); v.release(); print('still'); v2.release()
p.v.release()
try: a.append(33); print(a)
except BufferError as e: print('BAD',e)
with memoryview(B(a)) as m: print(bytes(m)); w=m[1:3]; print(bytes(w)); w.release()
print(bytes(B(b'abc')), b'x'.join([B(b'q'),B(b'r')]))
