"""What the forms of mental health come to. One question, one module.

* `instrument`: what an instrument is. `files` reads the shipped ones.
* `scoring`: what the answers come to.
* `safety`: who has to look, and how soon.
* `change`: response, remission, and what else a score is compared with its baseline for.
* `mania`: whether mania has to be rated before a session.
* `windows`: how far a score is from the doses, and which one stands before and after a session.

Three rules protect patients: an unanswered safety item is never "no risk"; too many gaps make no total; and a safety
item raises an alert whether or not there is a total.
"""
