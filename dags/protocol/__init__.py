"""How runs follow one another: begin, claim, plan, commit, publish. The steps compose it."""
