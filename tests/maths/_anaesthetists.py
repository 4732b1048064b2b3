"""The data of Dawid and Skene 1979, table 1: 45 patients, judged by five anaesthetists, the first of them three times.

One string a patient: the three judgements of the first, then one of each of the others; categories 1 to 4.
"""

import numpy as np

PATIENTS = """
1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223
2322223 4444444 2223343 1111111 2223212 1211111 1112111 1111111 1111111
2222221 2221322 2222222 2222221 2223222 2212222 1111111 1111111 2322222
1111111 1111111 1121121 1111111 3333233 1111111 2222222 2223232 4334343
2212232 2323233 3333432 1111111 1111111 1212111 2322222 1211111 2222222
""".split()

VOTES = np.array([[int(x) - 1 for x in patient] for patient in PATIENTS])
WHO = np.array([0, 0, 0, 1, 2, 3, 4])
