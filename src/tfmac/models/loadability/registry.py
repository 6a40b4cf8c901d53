"""All rules, in the order in which Keras meets what they are about."""

from tfmac.models.loadability import (
    checkpoints,
    containers,
    first_calls,
    functions,
    graphs,
    lambdas,
    objects_2,
    objects_3,
    saved_models,
    silent,
    training_2,
    training_3,
    weights,
)
from tfmac.models.loadability.cases import Rule, every_reader, keras_2, keras_3, standalone
from tfmac.models.loadability.readers import Release
from tfmac.schema.model_content import ModelFormat

_HDF5 = frozenset({ModelFormat.KERAS_HDF5})
_ZIP = frozenset({ModelFormat.KERAS_ARCHIVE})
_JSON = frozenset({ModelFormat.KERAS_JSON})
_ALL = _HDF5 | _ZIP | _JSON
_SAVED_MODEL = frozenset({ModelFormat.SAVED_MODEL})
_CHECKPOINT = frozenset({ModelFormat.CHECKPOINT})
_BY_LAYERS = frozenset({ModelFormat.KERAS_HDF5_WEIGHTS})
_BY_OBJECTS = frozenset({ModelFormat.KERAS_WEIGHTS})
_NO_MODEL = frozenset(ModelFormat) - _ALL - _SAVED_MODEL - _CHECKPOINT - _BY_LAYERS - _BY_OBJECTS
_ANY = frozenset(ModelFormat)
_TWO_BIASES: Release = (2, 0)
"""Since then a GRU has two biases unless it is told otherwise."""
_OLD_LAYOUT_UNTIL: Release = (2, 15)
_COUNTED_ONCE_SINCE: Release = (2, 14)
"""Before, each layer with weights was counted twice where it is named by its class."""

_WEIGHTS = (
    Rule(
        name="layout-in-old-keras",
        formats=_BY_OBJECTS,
        intervals=(*standalone(), *keras_2(before=containers.ZIP_SINCE)),
        apply=weights.object_layout_in_old_keras,
    ),
    Rule(
        name="old-layout",
        formats=_BY_OBJECTS | _ZIP,
        intervals=keras_2(since=_OLD_LAYOUT_UNTIL),
        apply=weights.old_layout,
    ),
    Rule(
        name="new-layout",
        formats=_BY_OBJECTS | _ZIP,
        intervals=keras_2(since=containers.ZIP_SINCE, before=_OLD_LAYOUT_UNTIL),
        apply=weights.new_layout,
    ),
    Rule(
        name="by-attributes",
        formats=_BY_OBJECTS,
        intervals=keras_2(since=_OLD_LAYOUT_UNTIL),
        apply=weights.by_attributes,
    ),
    Rule(
        name="numbered-twice",
        formats=_BY_OBJECTS | _ZIP,
        intervals=(*keras_2(since=_COUNTED_ONCE_SINCE, before=_OLD_LAYOUT_UNTIL), *keras_3()),
        apply=weights.numbered_twice,
    ),
    Rule(
        name="numbered-once",
        formats=_BY_OBJECTS | _ZIP,
        intervals=keras_2(since=containers.ZIP_SINCE, before=_COUNTED_ONCE_SINCE),
        apply=weights.numbered_once,
    ),
    Rule(
        name="attention-parts",
        formats=_BY_OBJECTS | _ZIP,
        intervals=keras_2(since=containers.ZIP_SINCE),
        apply=weights.attention,
    ),
    Rule(
        name="scope-names",
        formats=_BY_OBJECTS,
        intervals=keras_2(since=containers.ZIP_SINCE),
        apply=weights.scope_names,
    ),
    Rule(
        name="missing-class",
        formats=_BY_LAYERS,
        intervals=(*standalone(), *keras_2()),
        apply=weights.missing_class,
    ),
    Rule(
        name="one-bias",
        formats=_BY_LAYERS,
        intervals=(*keras_2(since=_TWO_BIASES), *keras_3()),
        apply=weights.one_bias,
    ),
    Rule(
        name="two-biases",
        formats=_BY_LAYERS,
        intervals=(*standalone(), *keras_2(before=_TWO_BIASES)),
        apply=weights.two_biases,
    ),
    Rule(
        name="changed-function",
        formats=_BY_LAYERS | _BY_OBJECTS,
        intervals=every_reader(),
        apply=functions.changed_function,
    ),
    Rule(
        name="default-function",
        formats=_BY_LAYERS | _BY_OBJECTS,
        intervals=every_reader(),
        apply=functions.default_function,
    ),
    Rule(
        name="ragged-weights",
        formats=_BY_LAYERS | _BY_OBJECTS,
        intervals=keras_3(),
        apply=functions.ragged_input,
    ),
    Rule(
        name="bilinear-weights",
        formats=_BY_LAYERS,
        intervals=(*keras_2(), *keras_3()),
        apply=functions.bilinear,
    ),
)
_SAVED_MODELS = (
    Rule(
        name="saved-model-in-keras-3",
        formats=_SAVED_MODEL,
        intervals=keras_3(),
        apply=containers.saved_model_in_keras_3,
    ),
    Rule(
        name="saved-model-in-standalone",
        formats=_SAVED_MODEL,
        intervals=standalone(),
        apply=containers.saved_model_in_standalone,
    ),
    Rule(
        name="operations",
        formats=_SAVED_MODEL,
        intervals=keras_2(),
        apply=saved_models.operations,
    ),
    Rule(
        name="metadata-file",
        formats=_SAVED_MODEL,
        intervals=keras_2(before=(2, 5)),
        apply=saved_models.metadata_file,
    ),
    Rule(
        name="later-metadata",
        formats=_SAVED_MODEL,
        intervals=keras_2(before=(2, 2)),
        apply=saved_models.later_metadata,
    ),
    Rule(
        name="no-keras-model",
        formats=_SAVED_MODEL,
        intervals=keras_2(),
        apply=saved_models.no_keras_model,
    ),
    Rule(
        name="lookups",
        formats=_SAVED_MODEL,
        intervals=keras_2(),
        apply=saved_models.lookups,
    ),
    Rule(
        name="saved-model-unread",
        formats=_SAVED_MODEL,
        intervals=keras_2(),
        apply=saved_models.unread,
    ),
)
_CHECKPOINTS = (
    Rule(
        name="checkpoint-reader",
        formats=_CHECKPOINT,
        intervals=(*standalone(), *keras_3()),
        apply=containers.checkpoint_without_tensorflow_keras,
    ),
    Rule(
        name="keras-3-objects",
        formats=_CHECKPOINT,
        intervals=keras_2(),
        apply=checkpoints.keras_3_objects,
    ),
    Rule(
        name="old-optimizer",
        formats=_CHECKPOINT,
        intervals=keras_2(since=(2, 11)),
        apply=checkpoints.old_optimizer,
    ),
    Rule(
        name="checkpoint-one-bias",
        formats=_CHECKPOINT,
        intervals=keras_2(since=_TWO_BIASES),
        apply=checkpoints.one_bias,
    ),
    Rule(
        name="checkpoint-old-default",
        formats=_CHECKPOINT,
        intervals=keras_2(since=_TWO_BIASES),
        apply=checkpoints.old_default,
    ),
    Rule(
        name="checkpoint-two-biases",
        formats=_CHECKPOINT,
        intervals=keras_2(before=_TWO_BIASES),
        apply=checkpoints.two_biases,
    ),
    Rule(
        name="other-root",
        formats=_CHECKPOINT,
        intervals=keras_2(),
        apply=checkpoints.other_root,
    ),
)
RULES = (
    Rule(
        name="not-a-model",
        formats=_NO_MODEL,
        intervals=every_reader(),
        apply=containers.not_a_model,
    ),
    *_WEIGHTS,
    *_SAVED_MODELS,
    *_CHECKPOINTS,
    Rule(
        name="zip-in-old-keras",
        formats=_ZIP,
        intervals=(*standalone(), *keras_2(before=containers.ZIP_SINCE)),
        apply=containers.zip_in_old_keras,
    ),
    Rule(
        name="hdf5-under-keras-name",
        formats=_HDF5,
        intervals=keras_3(),
        apply=containers.hdf5_under_keras_name,
    ),
    Rule(
        name="folder-in-early-keras",
        formats=_ZIP,
        intervals=(*keras_2(since=containers.ZIP_SINCE), *keras_3(before=(3, 4))),
        apply=containers.unpacked_archive,
    ),
    Rule(
        name="shards-in-early-keras",
        formats=_BY_OBJECTS,
        intervals=(*keras_2(since=containers.ZIP_SINCE), *keras_3(before=(3, 10))),
        apply=containers.sharded_weights,
    ),
    Rule(
        name="no-architecture",
        formats=_ALL,
        intervals=every_reader(),
        apply=containers.no_architecture,
    ),
    Rule(
        name="lambda-safe-mode",
        formats=_ZIP | _JSON,
        intervals=keras_3(),
        apply=lambdas.safe_mode,
    ),
    Rule(
        name="lambda-safe-mode-hdf5",
        formats=_HDF5,
        intervals=keras_3(since=(3, 11)),
        apply=lambdas.safe_mode,
    ),
    Rule(
        name="lambda-byte-code",
        formats=_HDF5,
        intervals=keras_3(before=(3, 11)),
        apply=lambdas.byte_code,
    ),
    Rule(name="objects-3", formats=_ALL, intervals=keras_3(), apply=objects_3.objects),
    Rule(
        name="model-module",
        formats=_ZIP,
        intervals=keras_2(since=containers.ZIP_SINCE),
        apply=objects_2.model_module,
    ),
    Rule(
        name="lambda-safe-mode-2",
        formats=_ZIP,
        intervals=keras_2(since=containers.ZIP_SINCE),
        apply=lambdas.safe_mode,
    ),
    Rule(
        name="lambda-safe-mode-json-2",
        formats=_JSON,
        intervals=keras_2(since=(2, 13)),
        apply=lambdas.safe_mode,
    ),
    Rule(
        name="numpy-arguments",
        formats=_ZIP,
        intervals=keras_2(since=(2, 12), before=(2, 13)),
        apply=objects_2.numpy_arguments,
    ),
    Rule(
        name="objects-2",
        formats=_ALL,
        intervals=(*standalone(), *keras_2()),
        apply=objects_2.objects,
    ),
    Rule(
        name="lambda-byte-code-2",
        formats=_HDF5,
        intervals=(*standalone(), *keras_2()),
        apply=lambdas.byte_code,
    ),
    Rule(
        name="lambda-byte-code-json",
        formats=_JSON,
        intervals=(*standalone(), *keras_2(before=(2, 13))),
        apply=lambdas.byte_code,
    ),
    Rule(name="calls", formats=_ALL, intervals=keras_3(), apply=graphs.unresolved_calls),
    Rule(name="outputs", formats=_ALL, intervals=keras_3(), apply=graphs.outputs),
    Rule(
        name="bare-inputs",
        formats=_ALL,
        intervals=keras_3(before=(3, 4)),
        apply=graphs.bare_inputs,
    ),
    Rule(name="training-3", formats=_ALL, intervals=keras_3(), apply=training_3.training),
    Rule(
        name="training-2",
        formats=_HDF5 | _ZIP | _SAVED_MODEL,
        intervals=(*standalone(), *keras_2()),
        apply=training_2.training,
    ),
    Rule(name="steps", formats=_ZIP, intervals=keras_3(), apply=training_3.steps),
    Rule(
        name="shape-with-batch",
        formats=_ALL,
        intervals=keras_3(),
        apply=first_calls.shape_with_batch,
    ),
    Rule(
        name="empty-vocabulary",
        formats=_HDF5 | _JSON,
        intervals=every_reader(),
        apply=first_calls.empty_vocabulary,
    ),
    Rule(
        name="listed-index",
        formats=_ZIP | _JSON,
        intervals=keras_3(before=(3, 2)),
        apply=first_calls.listed_index,
    ),
    Rule(
        name="stacked-cells",
        formats=_HDF5,
        intervals=every_reader(),
        apply=first_calls.stacked_cells,
    ),
    Rule(
        name="built-twice",
        formats=_ZIP | _JSON,
        intervals=keras_3(before=(3, 3, 3)),
        apply=first_calls.built_twice,
    ),
    Rule(name="hard-sigmoid", formats=_ALL, intervals=every_reader(), apply=silent.hard_sigmoid),
    Rule(
        name="bilinear",
        formats=_ALL,
        intervals=(*keras_2(), *keras_3()),
        apply=silent.bilinear,
    ),
    Rule(name="random-crop", formats=_ALL, intervals=keras_3(), apply=silent.random_crop),
    Rule(
        name="bare-calls",
        formats=_HDF5,
        intervals=keras_3(),
        apply=graphs.operation_calls,
    ),
    Rule(
        name="lost-statistics",
        formats=_HDF5,
        intervals=(*keras_3(before=(3, 6)), *keras_2(since=(2, 6), before=(2, 8))),
        apply=silent.lost_statistics,
    ),
    Rule(name="problems", formats=_ANY, intervals=every_reader(), apply=containers.problems),
)
