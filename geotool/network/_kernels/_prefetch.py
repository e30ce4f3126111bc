"""Asking for memory ahead of its use, where lines are visited in no order."""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

AHEAD = 6
"""How many steps ahead: enough to wait for several at once, few enough to keep them."""


def _prefetch(_: Any, table: Any, row: Any) -> Any:
    """Begin to load a row of a table of rows that lie one after the other."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        width = builder.extract_value(array.strides, 0)
        byte = ir.IntType(8).as_pointer()
        at = context.cast(builder, args[1], signature.args[1], types.intp)
        place = builder.gep(builder.bitcast(array.data, byte), [builder.mul(at, width)])
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        load = builder.module.declare_intrinsic("llvm.prefetch", (byte,), kind)
        # to be read, kept in all caches, as data
        builder.call(load, [place, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(table, row), generate


prefetch: Any = intrinsic(_prefetch)
