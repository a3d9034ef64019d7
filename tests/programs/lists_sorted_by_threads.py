# A list that threads sort at the same time keeps its items.
import threading

lost = 0
for _ in range(30):
    items = list(range(50, 0, -1))

    def work():
        for _ in range(50):
            try:
                items.sort(key=lambda x: -x)
                items.sort()
            except ValueError:
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    lost += sorted(items) != list(range(1, 51))
print("lost:", lost)
