; The error comes where the loop is compiled already.
(define (f v n)
  (do ((i 0 (+ i 1)) (s 0 (+ s (vector-ref v i)))) ((= i n) s)))
(display (f (make-vector 1000 2) 1000))
(newline)
(display (f (make-vector 1000 2) 1001))
