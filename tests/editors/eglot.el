;;; Opens a new file of the project in Eglot, and prints what it completes and what hover says.

(require 'eglot)

(setq eglot-connect-timeout 90) ; a busy machine takes its time

(defun wait-for (get)
  "Call GET until it returns something, and return that; a minute and a half at most."
  (let ((ends (+ (float-time) 90)) found)
    (while (and (not (setq found (funcall get))) (< (float-time) ends))
      (accept-process-output nil 0.1))
    found))

(find-file "shop/new.py")
(insert "amount = cart.total_")
(call-interactively #'eglot)
(wait-for #'eglot-managed-p)
(dolist (candidate (wait-for (lambda ()
                               (let ((table (nth 2 (eglot-completion-at-point))))
                                 (and table (all-completions "total_" table))))))
  (princ (format "candidate: %s\n" candidate)))
(find-file "checkout.py") ; beside the other
(wait-for #'eglot-managed-p)
(search-forward "cart.total")
(let (text)
  (wait-for (lambda ()
              (eglot-hover-eldoc-function (lambda (said &rest _) (setq text said)))
              (accept-process-output nil 0.5)
              text))
  (princ (format "hover: %s\n" text)))
(eglot-shutdown (eglot-current-server))
