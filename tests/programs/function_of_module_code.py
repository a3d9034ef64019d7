import types, asyncio, ast
g={'__builtins__':__builtins__}
c=compile("x=1\nprint(x)\nprint(locals() is globals())\ny=x+1\ndel x\nimport sys\nclass A: pass\ndef f(): return y\nprint(f())\nfrom os.path import *\nv: int = 3", "<s>", "exec")
f=types.FunctionType(c,g)
print(f())
print(sorted(k for k in g if k[0]!='_')[:8])
f(); f()
c=compile("await asyncio.sleep(0)\nz=5\nprint(z, locals() is globals())","<s>","exec",flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
g['asyncio']=asyncio
asyncio.run(types.FunctionType(c,g)())
print(g['z'])
c=compile("q+1","<s>","eval")
g['q']=3
print(types.FunctionType(c,g)())
def h(): pass
h.__code__=compile("w=7","<s>","exec")
h(); print(w)
exec("def k(): pass\nk.__code__=compile('ww=7','<s>','exec')\nk()\nprint(ww)")
