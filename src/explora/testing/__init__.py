"""x"""
from ._space_suite import SpaceSuite as SpaceSuite
from ._space_suite import check_space as check_space
