"""Names of the columns of the table of runs, as :meth:`reglab.store.Store.run_table` fills them."""

from __future__ import annotations

RUN = "run"
NAME = "name"
STATE = "state"
DATASET = "dataset"
MODEL = "model"
PENALTY = "penalty"  # none, L1, L2, elastic net
LAMBDA1, LAMBDA2 = "lambda1", "lambda2"
EPOCH, EPOCHS = "epoch", "epochs"  # done, planned
BEST_ACC = "best_val_acc"  # highest validation accuracy of any epoch, in [0, 1]
BEST_ACC_EPOCH = "best_val_acc_epoch"  # the first epoch with it
LAST_ACC = "last_val_acc"  # validation accuracy at the last epoch
BEST_LOSS, BEST_EPOCH = "best_val_loss", "best_epoch"  # lowest validation loss, and its epoch: the best epoch
ACC_AT_BEST = "val_acc_at_best"  # validation accuracy at the best epoch
GAP = "gap_loss"  # validation − training data loss at the last epoch
CURVE = "val_loss_curve"  # validation loss over epochs, thinned, finite values only
DATA_LOSS, L1_PART, L2_PART, TOTAL = "train_loss", "l1", "l2", "total"  # J and its parts at the last epoch, in nats
WEIGHT_NORM = "weight_norm"  # ‖w‖₂ of all convolution and dense weights after the last epoch
ZERO_SHARE = "zero_share"  # share of these weights that is exactly 0
TEST_ACC = "test_acc"  # accuracy on the test part, of runs of a confirmation that has opened it
SECONDS = "seconds"  # training time over all resumes
CREATED = "created"
TAGS = "tags"

_ACCURACIES = (LAST_ACC, ACC_AT_BEST, BEST_EPOCH, BEST_LOSS, BEST_ACC, BEST_ACC_EPOCH)
_WEIGHTS = (WEIGHT_NORM, ZERO_SHARE, TEST_ACC)
FIGURES = (LAMBDA1, LAMBDA2, *_ACCURACIES, GAP, SECONDS, DATA_LOSS, L1_PART, L2_PART, TOTAL, *_WEIGHTS)
"""Numbers, NaN where there is none: before the first epoch, and where a figure is not finite."""

_SPEC = (RUN, NAME, STATE, DATASET, MODEL, PENALTY, LAMBDA1, LAMBDA2, EPOCH, EPOCHS)
_LOSSES = (DATA_LOSS, L1_PART, L2_PART, TOTAL)
COLUMNS = (*_SPEC, *_ACCURACIES, GAP, SECONDS, CREATED, TAGS, *_LOSSES, *_WEIGHTS)
