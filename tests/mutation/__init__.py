"""Mutation testing of the modules that decide: is a wrong operator or constant noticed?"""
